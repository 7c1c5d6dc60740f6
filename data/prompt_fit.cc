#include "data/prompt_fit.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::data {

model::EncodeOptions PromptEncoding(const v1::DataSettings& settings) {
  // A learner of an older release does not know the field: it is as unset.
  return {.add_special_tokens = !settings.has_add_special_tokens() || settings.add_special_tokens()};
}

absl::StatusOr<PromptVerdict> JudgePrompt(const model::Tokenizer& tokenizer, const PromptLimits& limits,
                                          std::string_view text) {
  const auto ids = tokenizer.Encode(text, limits.encoding);
  if (!ids.ok()) return PromptVerdict{PromptFit::kUnspelled, std::string(ids.status().message())};
  if (ids->empty()) return PromptVerdict{PromptFit::kUnspelled, "the prompt has no tokens"};
  for (size_t i = 0; i < ids->size(); ++i) {
    const uint32_t id = (*ids)[i];
    if (id < limits.vocabulary) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("token ", i, " of its prompt, \"", absl::CHexEscape(ToAbsl(tokenizer.TokenBytes(id))),
                     "\", has id ", id, ", but the model has embeddings for ", limits.vocabulary,
                     " ids and the tokenizer ", tokenizer.size(), ": they do not belong together"));
  }
  if (ids->size() <= limits.max_tokens) return PromptVerdict{};
  return PromptVerdict{PromptFit::kTooLong, absl::StrCat("the prompt has ", ids->size(), " tokens, at most ",
                                                         limits.max_tokens, " may be used")};
}

}  // namespace drover::data
