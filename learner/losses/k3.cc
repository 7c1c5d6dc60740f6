#include "learner/losses/k3.h"

#include <ATen/ATen.h>

namespace drover::learner {

// By expm1, so that small d keep their digits.
torch::Tensor K3(const torch::Tensor& log_ratio) { return at::expm1(log_ratio) - log_ratio; }

}  // namespace drover::learner
