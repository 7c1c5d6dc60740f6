// Metaspace of a tokenizer.json, as a pre-tokenizer and as a decoder: a character that stands for the space.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/json.h"

namespace drover::model {

struct MetaspaceFields {
  enum class Prepends { kNever, kFirst, kAlways };  // the mark, before pieces that do not begin with it

  std::string mark;  // one character, as UTF-8
  Prepends prepends = Prepends::kAlways;
  bool split = true;  // before each mark

  // Errors name the field.
  static absl::StatusOr<MetaspaceFields> Parse(const JsonFields& fields);
};

// The field `name`, a text of one character, as UTF-8.
absl::StatusOr<std::string> ParseCharacter(const JsonFields& fields, std::string_view name);

}  // namespace drover::model
