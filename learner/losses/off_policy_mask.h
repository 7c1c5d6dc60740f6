// Off-policy sequence masking (DeepSeek-V3.2, 2025): a response of negative advantage that the current policy
// would hardly sample any more is left out.
//
//   M_it = 0 if A_it < 0 and (1 / |o_i|) sum_u (log pi_actor(o_iu) - log pi_theta(o_iu)) > threshold, else 1
//
// pi_actor is the policy that sampled, as recorded: both its age and the difference of programs count.
#pragma once

#include "learner/losses/token_factor.h"

namespace drover::learner {

class OffPolicyMask : public TokenFactor {
 public:
  // `threshold` above 0, nats a token.
  explicit OffPolicyMask(double threshold) : threshold_(threshold) {}

  LossNeeds needs() const override;
  torch::Tensor PerToken(const LossTokens& tokens) const override;

 private:
  const double threshold_;
};

}  // namespace drover::learner
