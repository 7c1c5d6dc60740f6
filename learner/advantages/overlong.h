// The soft punishment of overlong responses: DAPO (Yu et al., 2025, section 3.4). With the budget L and the interval C = tokens:
//
//   0                                |o| <= L - C
//   -penalty (|o| - (L - C)) / C     beyond: -penalty at L
#pragma once

#include <cstdint>

#include "learner/advantages/options.h"

namespace drover::learner {

// To be added to the reward of a response of `length` tokens.
double OverlongReward(int64_t length, const OverlongOptions& options);

}  // namespace drover::learner
