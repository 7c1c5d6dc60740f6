// Which examples each supervised step learns from. Pure: a function of the lengths, the recipe and the seed, so that the
// step's number is all that a checkpoint has to keep of the data's position.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data/prompt_order.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// Epoch after epoch, each a permutation of its own (PromptOrder); a step takes the next examples: sft.batch_examples of
// them, or fewer where they would have over sft.batch_tokens tokens together, but one at least. A step may begin in one
// epoch and end in the next; the last step takes what is left. Thread-safe.
class SupervisedPlan {
 public:
  // `size` > 0 examples; length(i): tokens of example i.
  SupervisedPlan(const v1::SupervisedSettings& settings, uint64_t seed, uint64_t size,
                 const std::function<uint64_t(uint64_t)>& length);

  // At least 1.
  uint64_t steps() const { return begins_.size() - 1; }
  // The examples of `step`, from 0.
  std::vector<uint64_t> Examples(uint64_t step) const;
  // Examples of all steps before `step`, those of earlier epochs included: at most sft.epochs x size.
  uint64_t ExamplesBefore(uint64_t step) const { return begins_[step]; }

 private:
  const PromptOrder order_;
  std::vector<uint64_t> begins_ = {0};  // of each step, and the end
};

}  // namespace drover::data
