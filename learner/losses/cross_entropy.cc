#include "learner/losses/cross_entropy.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, const StepSize& step) {
  return -logprobs_K.sum() / static_cast<double>(step.tokens);
}

}  // namespace drover::learner
