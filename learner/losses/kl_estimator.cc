#include "learner/losses/kl_estimator.h"

#include <ATen/ATen.h>

#include "learner/losses/k3.h"

namespace drover::learner {
namespace {

constexpr double kMaxLogRatio = 40.0;

}  // namespace

torch::Tensor EstimateKl(KlEstimator estimator, const torch::Tensor& log_reference_ratio) {
  const auto k2 = [&] { return 0.5 * log_reference_ratio * log_reference_ratio; };
  const auto k3 = [&] { return K3(log_reference_ratio.clamp(-kMaxLogRatio, kMaxLogRatio)); };
  switch (estimator) {
    case KlEstimator::kK1:
      return -log_reference_ratio;
    case KlEstimator::kK2:
      return k2();
    case KlEstimator::kK3:
      break;
    case KlEstimator::kK3WithK2Gradient: {
      const torch::Tensor differentiated = k2();
      return differentiated + (k3() - differentiated).detach();
    }
  }
  return k3();
}

}  // namespace drover::learner
