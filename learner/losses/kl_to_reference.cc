#include "learner/losses/kl_to_reference.h"

#include <ATen/ATen.h>

#include "learner/losses/kl_estimator.h"

namespace drover::learner {

LossNeeds KlToReference::needs() const {
  LossNeeds needs;
  needs.reference = true;
  return needs;
}

torch::Tensor KlToReference::PerToken(const LossTokens& tokens, LossSums* sums) const {
  const torch::Tensor ratio_K = tokens.reference_logprobs_K - tokens.logprobs_K;
  const torch::Tensor kl_K = EstimateKl(estimator_, ratio_K);
  const torch::Tensor k3_K =
      estimator_ == KlEstimator::kK3 ? kl_K.detach() : EstimateKl(KlEstimator::kK3, ratio_K.detach());
  sums->kl_reference = k3_K.sum(at::kDouble);
  return coefficient_ * kl_K;
}

}  // namespace drover::learner
