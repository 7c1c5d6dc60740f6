// The k3 estimator of a KL divergence.
#pragma once

#include <torch/types.h>

namespace drover::learner {

// exp(d) - d - 1 >= 0 of d = log p - log q at samples of q: an unbiased estimate of KL(q || p). Schulman, "Approximating
// KL divergence" (2020).
torch::Tensor K3(const torch::Tensor& log_ratio);

}  // namespace drover::learner
