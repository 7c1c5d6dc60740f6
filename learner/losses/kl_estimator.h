// Estimators of KL(pi_theta || pi_ref) at samples of pi_theta (Schulman, "Approximating KL divergence", 2020). With
// d = log pi_ref - log pi_theta of a token:
//
//   k1                      -d                   unbiased; as a loss its gradient is 0 on average: it does nothing
//   k2                      d^2 / 2              biased, but as a loss its gradient is that of the KL on average
//   k3                      exp(d) - d - 1       unbiased and never negative; its gradient is that of KL(pi_ref || pi_theta)
//   k3 with k2's gradient   k2 + sg[k3 - k2]     the value of one, the gradient of the other
//
// Where d is in an exponent it is clamped to +-40, as in the code of Dr. GRPO's paper: exp(40) is about 2e17. Outside of the
// clamp k3's gradient is 0.
#pragma once

#include <torch/types.h>

#include "learner/losses/options.h"

namespace drover::learner {

// d, any shape; with its gradient.
torch::Tensor EstimateKl(KlEstimator estimator, const torch::Tensor& log_reference_ratio);

}  // namespace drover::learner
