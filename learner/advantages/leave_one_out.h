// The mean of a response's siblings as baseline: RLOO (Kool et al., 2019; Ahmadian et al., 2024).
//
//   A_i = R_i - sum_{j != i} R_j / (G - 1)
//
// That is G / (G - 1) times the group mean's advantage: unbiased where that one is not, at another scale.
#pragma once

#include "absl/types/span.h"
#include "learner/advantages/group_mean.h"

namespace drover::learner {

// As GroupMean; the divisor is the same.
ReturnBaseline LeaveOneOut(absl::Span<const double> returns, bool normalize_std);

}  // namespace drover::learner
