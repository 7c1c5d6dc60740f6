// Rewards (group/reward.h) -> advantages. Pure: no tensor, clock or thread. The equations are those of
// docs/reference/algorithm.md.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "drover/v1/group.pb.h"

namespace drover::learner {

struct AdvantageOptions {
  // GRPO's division by std(R) + 1e-8 (question-level difficulty bias); off: Dr. GRPO.
  bool normalize_std = false;
  // A control: rewards are permuted among all responses of the rollout before anything else.
  bool shuffle_rewards = false;
  // The run's seed; used by shuffle_rewards alone.
  uint64_t seed = 0;
};

// Advantages of one group: A_i = R_i - mean(R), divided by std(R) + 1e-8 (the sample standard deviation, n -
// 1) if `normalize_std`. Rewards that are all equal give exactly 0. Fewer than two rewards: zeros.
std::vector<double> GroupAdvantages(absl::Span<const double> rewards, bool normalize_std);

// Advantages of a rollout, in the order of its groups and their responses: [group][response]. With
// shuffle_rewards the permutation follows from (seed, rollout) alone.
std::vector<std::vector<double>> RolloutAdvantages(absl::Span<const v1::Group> groups,
                                                   const AdvantageOptions& options, uint64_t rollout);

}  // namespace drover::learner
