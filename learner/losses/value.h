// The value loss of PPO (Schulman et al., 2017, equation 9), clipped as in their code (openai/baselines, ppo2) and in TRL:
//
//   term_it = coefficient / 2 max((V_it - G_it)^2, (clip(V_it, V_old - clip, V_old + clip) - G_it)^2)
//
// V_it is of the current weights, V_old of those before the rollout's first step, G_it the lambda-return that the advantages
// are made with (advantages/gae.h). Without a clip: coefficient / 2 (V_it - G_it)^2.
#pragma once

#include "learner/losses/loss.h"

namespace drover::learner {

class ValueLoss : public LossTerm {
 public:
  // `coefficient` above 0; `clip` 0: none.
  ValueLoss(double coefficient, double clip) : coefficient_(coefficient), clip_(clip) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return true; }
  // Counts `value_loss`: without the coefficient.
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const double coefficient_, clip_;
};

}  // namespace drover::learner
