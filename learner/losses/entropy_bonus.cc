#include "learner/losses/entropy_bonus.h"

#include <ATen/ATen.h>

namespace drover::learner {

LossNeeds EntropyBonus::needs() const {
  LossNeeds needs;
  needs.entropy_gradient = true;
  needs.rollout_entropy = floor_ > 0.0;
  return needs;
}

torch::Tensor EntropyBonus::PerToken(const LossTokens& tokens, LossSums*) const {
  const bool acts = floor_ == 0.0 || tokens.rollout_entropy < floor_;
  return (acts ? -coefficient_ : 0.0) * tokens.entropy_K;
}

}  // namespace drover::learner
