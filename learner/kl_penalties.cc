#include "learner/kl_penalties.h"

#include <ATen/ATen.h>

#include "learner/losses/kl_estimator.h"

namespace drover::learner {

torch::Tensor ReferenceRatios(const Rollout& rollout, const std::vector<bool>& counted) {
  std::vector<double> flat;
  for (int64_t r = 0; r < rollout.size(); ++r) {
    for (size_t t = 0; t < rollout.sequences[r].response.size(); ++t) {
      flat.push_back(counted[r] ? static_cast<double>(rollout.reference_logprobs[r][t]) -
                                      static_cast<double>(rollout.old_logprobs[r][t])
                                : 0.0);
    }
  }
  return at::tensor(flat, at::kDouble);
}

std::vector<std::vector<double>> KlPenalties(const Rollout& rollout, const KlRewardOptions& options,
                                             const torch::Tensor& ratios) {
  const torch::Tensor charged = options.coefficient * EstimateKl(options.estimator, ratios);
  return ByResponse(rollout, charged);
}

}  // namespace drover::learner
