// Where in a recipe's text something is: what the errors of protobuf's parser, which name a line and a column, are
// about.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drover::recipe {

struct Place {
  std::string path;        // of the field that was last named before the offset; empty when none was
  size_t field_begin = 0;  // its name
  size_t value_begin = 0;  // what follows the name and the colon
  size_t value_end = 0;    // past the value: the closing bracket, or the end of the text, word or line
  bool colon = false;      // a colon follows the name
  bool repeated = false;   // the same path was named before
};

// The field that `offset` of text format `text` belongs to. Total: any bytes give some answer.
Place PlaceAt(std::string_view text, size_t offset);

// The end of the value that begins at `begin`: past the matching bracket of `{`, `<` or `[`, past the last of several
// adjacent strings, or past the last character before whatever ends a number or a word.
size_t ValueEnd(std::string_view text, size_t begin);

// Past white space and comments from `at` on.
size_t NextToken(std::string_view text, size_t at);

// The byte at protobuf's zero-based line and column (a tab goes to the next multiple of 8).
size_t OffsetAt(std::string_view text, int line, int column);

}  // namespace drover::recipe
