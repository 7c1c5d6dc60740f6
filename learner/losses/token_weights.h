// The denominators of a step, and w_i: what a token of response i weighs in its step. N responses in the step, L the generation budget:
//
//   CONSTANT         1 / (N L)                              Dr. GRPO (Liu et al., 2025): no length bias
//   RESPONSE_LENGTH  1 / (N |o_i|)                          GRPO (Shao et al., 2024)
//   TOKENS           1 / sum_j |o_j|                        DAPO (Yu et al., 2025), of the whole optimizer step
//   VL_NORM          |o_i|^-a / (L sum_j |o_j|^-a)          VL Norm (He et al., 2025, Delta L normalization), a = length_exponent:
//                                                           unbiased for every a, since sum_i w_i = 1 / L; of the least
//                                                           variance at a = 1 where a token's noise is independent of the
//                                                           others'; CONSTANT at a = 0
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "learner/losses/options.h"

namespace drover::learner {

// The denominators of a step: all of it, over all ranks and microbatches, whatever goes through the loss.
struct StepSize {
  int64_t responses = 0;       // N, masked ones included
  int64_t tokens = 0;          // response tokens that are not masked
  double length_powers = 0.0;  // sum over the N responses of |o_j|^-length_exponent
};

// lengths_K: |o_i| of the token's response. Returns [K] of their dtype.
torch::Tensor TokenWeights(const LossOptions& options, const torch::Tensor& lengths_K, const StepSize& step);

}  // namespace drover::learner
