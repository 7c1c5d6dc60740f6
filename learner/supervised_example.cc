#include "learner/supervised_example.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner {
namespace {

absl::Status CheckLearned(const SupervisedExample& example, size_t number) {
  const size_t marks = example.learned.size();
  if (marks != 0 && marks != example.response_token_ids.size()) {
    return absl::InvalidArgumentError(absl::StrCat("supervised example ", number, " has ", marks,
                                                   " marks for ", example.response_token_ids.size(),
                                                   " response tokens"));
  }
  if (example.learned_tokens() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("supervised example ", number, " has no token to learn"));
}

absl::Status CheckExample(const SupervisedExample& example, size_t number, const ExampleLimits& limits) {
  const std::vector<uint32_t>& prompt = example.prompt_token_ids;
  const std::vector<uint32_t>& response = example.response_token_ids;
  if (prompt.empty() || response.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("supervised example ", number, " has ", prompt.size(),
                                                   " prompt and ", response.size(),
                                                   " response tokens; it needs at least 1 of each"));
  }
  if (static_cast<int64_t>(prompt.size() + response.size()) > limits.max_positions) {
    return absl::InvalidArgumentError(absl::StrCat("supervised example ", number, " has ",
                                                   prompt.size() + response.size(), " tokens; the model has ",
                                                   limits.max_positions, " positions"));
  }
  for (const auto* ids : {&prompt, &response}) {
    for (uint32_t id : *ids) {
      if (id < limits.vocab_size) continue;
      return absl::InvalidArgumentError(absl::StrCat("supervised example ", number, " has token id ", id,
                                                     ", but the vocabulary has ", limits.vocab_size));
    }
  }
  return CheckLearned(example, number);
}

}  // namespace

int64_t SupervisedExample::learned_tokens() const {
  if (learned.empty()) return static_cast<int64_t>(response_token_ids.size());
  return std::count_if(learned.begin(), learned.end(), [](uint8_t mark) { return mark != 0; });
}

absl::Status CheckExamples(const std::vector<SupervisedExample>& examples, const ExampleLimits& limits) {
  if (examples.empty()) return absl::InvalidArgumentError("a supervised step without examples");
  for (size_t i = 0; i < examples.size(); ++i) RETURN_IF_ERROR(CheckExample(examples[i], i, limits));
  return absl::OkStatus();
}

}  // namespace drover::learner
