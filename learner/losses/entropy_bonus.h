// The entropy bonus (Williams and Peng, 1991; Mnih et al., 2016), and the entropy floor:
//
//   term_it = -coefficient H_it     H_it: the entropy of the whole distribution that predicts the token, nats
//
// and, with a floor above 0, only in rollouts whose mean entropy before the first optimizer step is below it (after
// Skywork-OR1, 2025, whose coefficient besides adapts itself).
#pragma once

#include "learner/losses/loss.h"

namespace drover::learner {

class EntropyBonus : public LossTerm {
 public:
  // `coefficient` above 0; `floor` in nats a token, 0: none.
  EntropyBonus(double coefficient, double floor) : coefficient_(coefficient), floor_(floor) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return true; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const double coefficient_, floor_;
};

}  // namespace drover::learner
