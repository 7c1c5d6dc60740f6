#include "learner/losses/cross_entropy.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, const torch::Tensor& weights_K,
                           MeanOver mean_over, const StepSize& step) {
  const torch::Tensor weighted_K = weights_K.defined() ? logprobs_K * weights_K : logprobs_K;
  return -weighted_K.sum() /
         static_cast<double>(mean_over == MeanOver::kTokens ? step.tokens : step.responses);
}

}  // namespace drover::learner
