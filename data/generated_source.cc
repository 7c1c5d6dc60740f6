#include "data/generated_source.h"

#include "base/status.h"

namespace drover::data {

std::vector<v1::Prompt> GeneratedSource::HeldoutPrompts(uint64_t count) const {
  std::vector<v1::Prompt> prompts;
  const std::vector<Question> questions = heldout_.empty() ? generator_->Heldout(count) : heldout_;
  for (const Question& question : questions) {
    if (prompts.size() == count) break;
    prompts.push_back(Make(question));
  }
  return prompts;
}

absl::StatusOr<SupervisedExample> GeneratedSource::PretrainExample(uint64_t n) const {
  SupervisedExample example = generator_->Worked(n, habits_);
  ASSIGN_OR_RETURN(example.prompt, writer().Write({.text = example.prompt}));
  return example;
}

}  // namespace drover::data
