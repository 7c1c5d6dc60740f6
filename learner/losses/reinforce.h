// The policy gradient (Williams, 1992), of REINFORCE and RLOO (Ahmadian et al., 2024):
//
//   term_it = -A_it log pi_theta(o_it)
//
// It has no ratio: it is unbiased in the first optimizer step of a rollout alone, where the policy is the one that sampled.
#pragma once

#include "learner/losses/loss.h"

namespace drover::learner {

class Reinforce : public LossTerm {
 public:
  bool WantsZeroAdvantage() const override { return false; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;
};

}  // namespace drover::learner
