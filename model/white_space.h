// White space as Unicode's property has it.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::model {

bool IsWhiteSpace(char32_t c);

// Where the white space that ends at `end` of `text` (valid UTF-8) begins, not before `first`.
size_t BeforeSpace(std::string_view text, size_t first, size_t end);

// Where the white space that begins at `begin` ends.
size_t BehindSpace(std::string_view text, size_t begin);

}  // namespace drover::model
