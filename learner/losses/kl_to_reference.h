// The KL term of GRPO (Shao et al., 2024, equation 4): k3 to the frozen reference policy, as a loss.
//
//   term_it = coefficient (exp(d_it) - d_it - 1),   d_it = clamp(log pi_ref(o_it) - log pi_theta(o_it), -40, 40)
//
// Its gradient is not that of the KL divergence, and is 0 outside of the clamp.
#pragma once

#include "learner/losses/loss.h"

namespace drover::learner {

class KlToReference : public LossTerm {
 public:
  // `coefficient` above 0.
  explicit KlToReference(double coefficient) : coefficient_(coefficient) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return true; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;  // counts `kl_reference`

 private:
  const double coefficient_;
};

}  // namespace drover::learner
