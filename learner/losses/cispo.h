// CISPO (MiniMax-M1, 2025): a policy gradient whose importance weight is clipped and has no gradient, so that
// every token keeps one.
//
//   term_it = -sg[clip(rho_it, 1 - clip_low, 1 + clip_high)] A_it log pi_theta(o_it)
//
// The value of the term is that of no objective; its gradient is what it is for.
#pragma once

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

class Cispo : public LossTerm {
 public:
  Cispo(double clip_low, double clip_high, PolicyRatio ratio)
      : clip_low_(clip_low), clip_high_(clip_high), ratio_(ratio) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return false; }
  // Counts as `clipped` the tokens with an advantage whose weight was clipped; their gradient is smaller or larger, not 0.
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const double clip_low_, clip_high_;
  const PolicyRatio ratio_;
};

}  // namespace drover::learner
