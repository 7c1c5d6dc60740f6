// post_processor of a tokenizer.json: the special tokens around a text, such as <|begin_of_text|> of Llama 3.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::model {

// Ids before and after the tokens of a single text.
struct PostProcessor {
  std::vector<uint32_t> before;
  std::vector<uint32_t> after;

  bool AddsNothing() const { return before.empty() && after.empty(); }

  // Puts them around `ids`, unless these begin or end so already: a text may have its special tokens written out.
  void Apply(std::vector<uint32_t>& ids) const;
};

// Reads TemplateProcessing (its `single`), BertProcessing, RobertaProcessing, ByteLevel (which adds nothing) and
// Sequences of them in which one adds tokens. INVALID_ARGUMENT for a broken one, UNIMPLEMENTED for another type; both name the field. `max_id`
// bounds the ids.
absl::StatusOr<PostProcessor> ParsePostProcessor(const nlohmann::json& value, int64_t max_id);

}  // namespace drover::model
