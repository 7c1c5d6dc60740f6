#include "learner/losses/clipped_surrogate.h"

#include <ATen/ATen.h>

#include "learner/losses/policy_ratio.h"

namespace drover::learner {

LossNeeds ClippedSurrogate::needs() const { return PolicyRatioNeeds(ratio_); }

torch::Tensor ClippedSurrogate::PerToken(const LossTokens& tokens, LossSums* sums) const {
  const torch::Tensor ratio_K = LogRatio(ratio_, tokens).exp();
  const torch::Tensor plain_K = ratio_K * tokens.advantages_K;
  const torch::Tensor clipped_K = ratio_K.clamp(1.0 - clip_low_, 1.0 + clip_high_) * tokens.advantages_K;
  const torch::Tensor least_K = at::minimum(plain_K, clipped_K);
  torch::Tensor is_clipped_K = clipped_K < plain_K;
  if (dual_clip_ == 0.0) {
    sums->clipped = is_clipped_K.sum(at::kDouble);
    return -least_K;
  }
  const torch::Tensor bound_K = dual_clip_ * tokens.advantages_K;
  const torch::Tensor is_bound_K = at::logical_and(tokens.advantages_K<0, bound_K> least_K);
  sums->clipped = at::logical_or(is_clipped_K, is_bound_K).sum(at::kDouble);
  return -at::where(is_bound_K, bound_K, least_K);
}

}  // namespace drover::learner
