// Rewards (group/reward.h) -> advantages. Pure: no tensor, clock or thread. The equations are those of
// docs/reference/losses.md; each step is a unit of this folder.
//
//   R_i --overlong--> shaped --shuffle (a control)--> R_i --KlReturns--> G_it --baseline, divisor--> A_it --Whiten--> A_it
//                                                    TokenRewards--> r_it --GaeAdvantages--> A_it, with Baseline::kValue
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "drover/v1/group.pb.h"
#include "learner/advantages/options.h"

namespace drover::learner {

// Advantages of a rollout by any baseline but kValue, by response in the order of its groups: one for the whole response, or one a token. With
// shuffle_rewards the permutation follows from (seed, rollout) alone. `penalties`: by response and token, what the KL to the
// reference is charged with (kl_returns.h), or empty.
std::vector<std::vector<double>> RolloutAdvantages(absl::Span<const v1::Group> groups,
                                                   const AdvantageOptions& options, uint64_t rollout,
                                                   const std::vector<std::vector<double>>& penalties = {});

// What is known of a rollout's tokens, by response and token.
struct TokenFigures {
  std::vector<std::vector<double>> penalties;  // as above
  std::vector<std::vector<double>> values;     // of the weights before the rollout's first step
};

struct ValueEstimates {
  std::vector<std::vector<double>> advantages;  // by response and token
  std::vector<std::vector<double>> targets;     // lambda-returns: what the values are to become
  std::optional<double> explained_variance;     // of the discounted returns, by the values
};

// The same with Baseline::kValue.
ValueEstimates RolloutValueEstimates(absl::Span<const v1::Group> groups, const AdvantageOptions& options,
                                     uint64_t rollout, const TokenFigures& figures);

}  // namespace drover::learner
