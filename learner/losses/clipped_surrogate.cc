#include "learner/losses/clipped_surrogate.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor ClippedSurrogate::PerToken(const LossTokens& tokens, LossSums* sums) const {
  const torch::Tensor ratio_K = (tokens.logprobs_K - tokens.old_logprobs_K).exp();
  const torch::Tensor plain_K = ratio_K * tokens.advantages_K;
  const torch::Tensor clipped_K = ratio_K.clamp(1.0 - clip_low_, 1.0 + clip_high_) * tokens.advantages_K;
  sums->clipped = (clipped_K < plain_K).sum(at::kDouble);
  return -at::minimum(plain_K, clipped_K);
}

}  // namespace drover::learner
