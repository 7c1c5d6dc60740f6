// Whether a prompt can be given to a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "model/tokenizer.h"

namespace drover::data {

enum class PromptFit {
  kFits,
  kTooLong,    // more tokens than data.max_prompt_tokens
  kUnspelled,  // no tokens, or a character that the tokenizer has none for
};

struct PromptVerdict {
  PromptFit fit = PromptFit::kFits;
  std::string why;  // of what does not fit
};

struct PromptLimits {
  size_t max_tokens = 0;          // data.max_prompt_tokens
  uint64_t vocabulary = 0;        // ids that the model has embeddings for
  model::EncodeOptions encoding;  // PromptEncoding of the recipe
};

// How the prompts of such a recipe become ids, whoever encodes them.
model::EncodeOptions PromptEncoding(const v1::DataSettings& settings);

// FAILED_PRECONDITION for a token that the model has no embedding for: then tokenizer and model do not belong together,
// and it says which token it is and how many both have.
absl::StatusOr<PromptVerdict> JudgePrompt(const model::Tokenizer& tokenizer, const PromptLimits& limits,
                                          std::string_view text);

}  // namespace drover::data
