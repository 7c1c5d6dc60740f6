#include "learner/losses/value.h"

#include <ATen/ATen.h>

namespace drover::learner {

LossNeeds ValueLoss::needs() const {
  LossNeeds needs;
  needs.values = true;
  return needs;
}

torch::Tensor ValueLoss::PerToken(const LossTokens& tokens, LossSums* sums) const {
  torch::Tensor squares_K = (tokens.values_K - tokens.value_targets_K).square();
  if (clip_ > 0.0) {
    const torch::Tensor near_K =
        tokens.values_K.clamp(tokens.old_values_K - clip_, tokens.old_values_K + clip_);
    squares_K = at::maximum(squares_K, (near_K - tokens.value_targets_K).square());
  }
  const torch::Tensor loss_K = 0.5 * squares_K;
  sums->value_loss = loss_K.detach().sum(at::kDouble);
  return coefficient_ * loss_K;
}

}  // namespace drover::learner
