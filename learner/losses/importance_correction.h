// The weight of the old policy to the one that sampled, where those are not the same program or not the same version:
//
//   log w_it   token      log pi_old(o_it) - log pi_actor(o_it)
//              sequence   sum_u (log pi_old(o_iu) - log pi_actor(o_iu))
//              geometric  the same divided by |o_i|
//
//   TRUNCATED    min(w_it, high)                     truncated importance sampling (Yao et al., 2025; Ionides, 2008)
//   MASKED       w_it if low <= w_it <= high, else 0 IcePop (Ling team, 2025)
//   UNTRUNCATED  w_it                                decoupled PPO (Hilton et al., 2021; AReaL, Fu et al., 2025), with
//                                                    pi_old as its proximal policy
//
// log w_it is clamped to +-40, so that every weight is finite.
#pragma once

#include "learner/losses/options.h"
#include "learner/losses/token_factor.h"

namespace drover::learner {

class ImportanceCorrection : public TokenFactor {
 public:
  // `options.kind` is not kNone.
  explicit ImportanceCorrection(const CorrectionOptions& options) : options_(options) {}

  LossNeeds needs() const override;
  torch::Tensor PerToken(const LossTokens& tokens) const override;

 private:
  const CorrectionOptions options_;
};

}  // namespace drover::learner
