// Supervised learning.
#pragma once

#include <torch/types.h>

#include "learner/losses/mean_over.h"
#include "learner/losses/token_weights.h"

namespace drover::learner {

// A piece's share of the loss of a step with N examples and T learned tokens, w_k being what weights_K says of the token:
//
//   kTokens    -sum_k w_k logprobs_k / T    w_k = 1 where the token is learned, else 0
//   kExamples  -sum_k w_k logprobs_k / N    w_k = 1 / (the learned tokens of its example), else 0
//
// An undefined weights_K is all ones. step.tokens is T, step.responses N.
torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, const torch::Tensor& weights_K,
                           MeanOver mean_over, const StepSize& step);

}  // namespace drover::learner
