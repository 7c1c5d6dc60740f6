#include "learner/losses/off_policy_mask.h"

#include <ATen/ATen.h>

namespace drover::learner {

LossNeeds OffPolicyMask::needs() const {
  LossNeeds needs;
  needs.sequence_sums = true;
  needs.correction_sums = true;
  return needs;
}

torch::Tensor OffPolicyMask::PerToken(const LossTokens& tokens) const {
  const torch::Tensor drift_K =
      -(tokens.sequence_log_ratios_K + tokens.correction_sums_K).detach() / tokens.lengths_K;
  const torch::Tensor is_masked_K = at::logical_and(tokens.advantages_K<0, drift_K> threshold_);
  return at::logical_not(is_masked_K).to(tokens.advantages_K.scalar_type());
}

}  // namespace drover::learner
