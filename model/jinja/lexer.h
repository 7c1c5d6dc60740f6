// A template cut into texts and the tokens inside {{ }} and {% %}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::model::jinja {

struct Token {
  enum class Kind {
    kText,  // outside of tags, white space as trim_blocks, lstrip_blocks and the - and + of tags leave it
    kOutputBegin,  // {{
    kOutputEnd,
    kBlockBegin,  // {%
    kBlockEnd,
    kName,
    kString,  // its contents
    kInteger,
    kFloat,
    kOperator,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;
  int line = 1;
};

// With Jinja's trim_blocks and lstrip_blocks, as chat templates are written for. The last token is kEnd. INVALID_ARGUMENT
// with the line for what is no template.
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view source);

}  // namespace drover::model::jinja
