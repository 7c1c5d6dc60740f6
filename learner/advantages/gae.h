// Generalised advantage estimation (Schulman et al., 2015, equation 16), of one response of T tokens:
//
//   delta_t = r_t + gamma V_{t+1} - V_t          V_{T+1} = 0
//   A_t     = delta_t + gamma lambda A_{t+1}     A_{T+1} = 0
//
// A_t + V_t is the lambda-return, which the value is trained to predict. V_{T+1} is 0 of every response, also of one that was cut
// at the budget: the budget is a part of the task, and its end ends the response with the reward that it has.
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "learner/advantages/options.h"

namespace drover::learner {

// By token. `rewards` and `values` have one number a token.
std::vector<double> GaeAdvantages(absl::Span<const double> rewards, absl::Span<const double> values,
                                  const GaeOptions& options);

// sum_{u >= t} gamma^{u - t} r_u: what came, whatever the values are.
std::vector<double> DiscountedReturns(absl::Span<const double> rewards, double gamma);

// 1 - Var(G - V) / Var(G) over all tokens: 1 where values are the returns, 0 where a constant would do as well, below 0 where it
// would do better. Unset where the returns are all the same.
std::optional<double> ExplainedVariance(const std::vector<std::vector<double>>& returns,
                                        const std::vector<std::vector<double>>& values);

}  // namespace drover::learner
