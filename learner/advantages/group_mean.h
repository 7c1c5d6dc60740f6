// The group's mean as baseline: GRPO (Shao et al., 2024) and Dr. GRPO (Liu et al., 2025).
//
//   A_i = R_i - mean(R), divided by std(R) + 1e-8 if `normalize_std` (the sample standard deviation, n - 1)
//
// Of all responses of a rollout together it is the batch's mean: REINFORCE with a baseline (Williams, 1992).
#pragma once

#include <vector>

#include "absl/types/span.h"

namespace drover::learner {

// A_i = (R_i - value_i) / divisor.
struct ReturnBaseline {
  std::vector<double> values;
  double divisor = 1.0;
};

// Returns that are all equal, and fewer than two, are their own baseline: their advantages are exactly 0.
ReturnBaseline GroupMean(absl::Span<const double> returns, bool normalize_std);

// The advantages of one group of rewards.
std::vector<double> GroupAdvantages(absl::Span<const double> rewards, bool normalize_std);

}  // namespace drover::learner
