// The KL term of GRPO (Shao et al., 2024, equation 4) to the frozen reference policy, as a loss:
//
//   term_it = coefficient kl(log pi_ref(o_it) - log pi_theta(o_it))
//
// by one of the estimators of kl_estimator.h; GRPO's is k3.
#pragma once

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

class KlToReference : public LossTerm {
 public:
  // `coefficient` above 0.
  KlToReference(double coefficient, KlEstimator estimator)
      : coefficient_(coefficient), estimator_(estimator) {}

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return true; }
  // Counts `kl_reference`: k3, whatever the estimator.
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const double coefficient_;
  const KlEstimator estimator_;
};

}  // namespace drover::learner
