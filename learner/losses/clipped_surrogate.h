// The clipped surrogate of PPO (Schulman et al., 2017, equation 7), which GRPO, Dr. GRPO, DAPO and GSPO share:
//
//   term_it = -min(rho_it A_it, clip(rho_it, 1 - clip_low, 1 + clip_high) A_it)
//
// and, with dual_clip = c above 0, where A_it < 0 (Ye et al., 2020, "Mastering complex control in MOBA games with deep reinforcement learning"):
//
//   term_it = -max(min(rho_it A_it, clip(rho_it, ...) A_it), c A_it)
//
// What tells those losses apart is the ratio (policy_ratio.h), how advantages are made (learner/advantages/) and what
// tokens weigh (token_weights.h).
#pragma once

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

class ClippedSurrogate : public LossTerm {
 public:
  // `dual_clip`: 0, or above 1 + clip_high.
  ClippedSurrogate(double clip_low, double clip_high, double dual_clip = 0.0,
                   PolicyRatio ratio = PolicyRatio::kPerToken)
      : clip_low_(clip_low), clip_high_(clip_high), dual_clip_(dual_clip), ratio_(ratio) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return false; }
  // Counts as `clipped` the tokens whose gradient is 0 for being clipped, by whichever clip.
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const double clip_low_, clip_high_, dual_clip_;
  const PolicyRatio ratio_;
};

}  // namespace drover::learner
