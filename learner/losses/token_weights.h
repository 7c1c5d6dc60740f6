// The denominators of a step, and w_i: what a token of response i weighs in its step. N responses in the step, L the generation budget:
//
//   CONSTANT         1 / (N L)      Dr. GRPO (Liu et al., 2025): no length bias
//   RESPONSE_LENGTH  1 / (N |o_i|)  GRPO (Shao et al., 2024)
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "learner/losses/options.h"

namespace drover::learner {

// The denominators of a step: all of it, over all ranks and microbatches, whatever goes through the loss.
struct StepSize {
  int64_t responses = 0;  // N, masked ones included
  int64_t tokens = 0;     // response tokens that are not masked
};

// lengths_K: |o_i| of the token's response. Returns [K] of their dtype.
torch::Tensor TokenWeights(Aggregation aggregation, int64_t budget, const torch::Tensor& lengths_K,
                           const StepSize& step);

}  // namespace drover::learner
