// The KL to the reference as a part of the reward (Ziegler et al., 2019). p_it = coefficient kl_it, of the policy that sampled
// to the reference, is charged to token t:
//
//   whole response   G_i  = R_i - sum_u p_iu              RLOO (Ahmadian et al., 2024)
//   to go            G_it = R_i - sum_{u >= t} p_iu       REINFORCE++ (Hu et al., 2025), PPO with a discount of 1
//
// As rewards of single tokens (gae.h): -p_it, or nothing, and at the last one what is left of G_i.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace drover::learner {

// One number for the whole response; with `to_go` one a token, of which the first is the whole's. Without penalties: the reward.
std::vector<double> KlReturns(double reward, absl::Span<const double> penalties, bool to_go);

// One number a token, which add up to KlReturns' first. `length` tokens, at least one; without penalties none is charged.
std::vector<double> TokenRewards(double reward, absl::Span<const double> penalties, bool to_go,
                                 size_t length);

}  // namespace drover::learner
