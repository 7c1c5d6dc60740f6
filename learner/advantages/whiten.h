// Global normalisation of advantages: REINFORCE++ (Hu et al., 2025).
//
//   A_it <- (A_it - mean) / (std + 1e-8)      over all tokens of the rollout; the sample standard deviation
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace drover::learner {

// [response]: one advantage for the whole response, or one a token; `lengths`: tokens of each. Advantages that are all equal
// become exactly 0.
void Whiten(absl::Span<const int64_t> lengths, std::vector<std::vector<double>>* advantages);

}  // namespace drover::learner
