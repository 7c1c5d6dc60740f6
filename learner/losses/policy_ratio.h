// The probability ratio of the current policy to the old one.
//
//   per token      log rho_it = log pi_theta(o_it) - log pi_old(o_it)
//   per response   log s_it = sg[(1 / |o_i|) sum_u log rho_iu] + log pi_theta(o_it) - sg[log pi_theta(o_it)]
//
// sg: without gradient. The second is GSPO's (Zheng et al., 2025): the geometric mean of the response's
// ratios, with the gradient of each token its own. Summed over a response's tokens with weight 1 / |o_i|, value and gradient
// are those of exp((1 / |o_i|) sum_t log rho_it), though no chunk of tokens need hold a whole response.
#pragma once

#include <torch/types.h>

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

LossNeeds PolicyRatioNeeds(PolicyRatio ratio);

// [K], with the gradient of tokens.logprobs_K.
torch::Tensor LogRatio(PolicyRatio ratio, const LossTokens& tokens);

}  // namespace drover::learner
