#include "data/file_source.h"

#include <algorithm>

namespace drover::data {

std::vector<v1::Prompt> FileSource::HeldoutPrompts(uint64_t count) const {
  std::vector<v1::Prompt> prompts;
  for (size_t i = 0; i < std::min<uint64_t>(count, heldout_.size()); ++i)
    prompts.push_back(Make(heldout_[i]));
  return prompts;
}

absl::StatusOr<SupervisedExample> FileSource::PretrainExample(uint64_t) const {
  return absl::FailedPreconditionError(
      "questions of a file have no worked solutions: pretraining needs generated ones (data.train)");
}

}  // namespace drover::data
