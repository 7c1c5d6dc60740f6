// The clipped surrogate of PPO (Schulman et al., 2017, equation 7), which GRPO and Dr. GRPO share:
//
//   term_it = -min(rho_it A_it, clip(rho_it, 1 - clip_low, 1 + clip_high) A_it),   rho_it = pi_theta / pi_old
//
// What tells the two apart is how advantages are made (advantage.h) and what tokens weigh (token_weights.h).
#pragma once

#include "learner/losses/loss.h"

namespace drover::learner {

class ClippedSurrogate : public LossTerm {
 public:
  ClippedSurrogate(double clip_low, double clip_high) : clip_low_(clip_low), clip_high_(clip_high) {}

  bool WantsZeroAdvantage() const override { return false; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;  // counts `clipped`

 private:
  const double clip_low_, clip_high_;
};

}  // namespace drover::learner
