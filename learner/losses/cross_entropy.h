// Supervised learning.
#pragma once

#include <torch/types.h>

#include "learner/losses/token_weights.h"

namespace drover::learner {

// -sum_k logprobs_K / step.tokens: a piece's share of the mean over the step's response tokens.
torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, const StepSize& step);

}  // namespace drover::learner
