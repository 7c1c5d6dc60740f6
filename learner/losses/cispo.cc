#include "learner/losses/cispo.h"

#include <ATen/ATen.h>

#include "learner/losses/policy_ratio.h"

namespace drover::learner {

LossNeeds Cispo::needs() const { return PolicyRatioNeeds(ratio_); }

torch::Tensor Cispo::PerToken(const LossTokens& tokens, LossSums* sums) const {
  const torch::Tensor ratio_K = LogRatio(ratio_, tokens).detach().exp();
  const torch::Tensor weight_K = ratio_K.clamp(1.0 - clip_low_, 1.0 + clip_high_);
  sums->clipped = at::logical_and(weight_K != ratio_K, tokens.advantages_K != 0).sum(at::kDouble);
  return -weight_K * tokens.advantages_K * tokens.logprobs_K;
}

}  // namespace drover::learner
