// What each token of a rollout is charged with for the KL to the reference (advantages/kl_returns.h).
#pragma once

#include <torch/types.h>

#include <vector>

#include "learner/advantages/options.h"
#include "learner/rollout.h"

namespace drover::learner {

// log pi_ref - log pi_old of every response token of the rollout, one response after the other: float64. Of responses that
// are not counted zeros, so that the sum over ranks that count different ones is the rollout's.
torch::Tensor ReferenceRatios(const Rollout& rollout, const std::vector<bool>& counted);

// By response and token: coefficient kl of `ratios`, which are the whole rollout's.
std::vector<std::vector<double>> KlPenalties(const Rollout& rollout, const KlRewardOptions& options,
                                             const torch::Tensor& ratios);

}  // namespace drover::learner
