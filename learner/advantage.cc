#include "learner/advantage.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "group/reward.h"

namespace drover::learner {
namespace {

constexpr double kStdEpsilon = 1e-8;

std::vector<std::vector<double>> RolloutRewards(absl::Span<const v1::Group> groups,
                                                const AdvantageOptions& options, uint64_t rollout) {
  std::vector<double> flat;
  for (const v1::Group& group : groups) {
    for (const v1::Response& response : group.responses()) flat.push_back(group::Reward(response));
  }
  if (options.shuffle_rewards) {
    RandomStream random(options.seed, RandomPurpose::kRewardShuffle, rollout);
    Shuffle(flat, random);
  }
  std::vector<std::vector<double>> rewards;
  size_t next = 0;
  for (const v1::Group& group : groups) {
    const size_t end = next + group.responses_size();
    rewards.emplace_back(flat.begin() + next, flat.begin() + end);
    next = end;
  }
  return rewards;
}

}  // namespace

std::vector<double> GroupAdvantages(absl::Span<const double> rewards, bool normalize_std) {
  std::vector<double> advantages(rewards.size(), 0.0);
  if (rewards.size() < 2) return advantages;
  const bool equal = std::all_of(rewards.begin(), rewards.end(), [&](double r) { return r == rewards[0]; });
  if (equal) return advantages;  // the mean's rounding must not make signal out of none
  const double count = static_cast<double>(rewards.size());
  const double mean = std::accumulate(rewards.begin(), rewards.end(), 0.0) / count;
  double squares = 0.0;
  for (size_t i = 0; i < rewards.size(); ++i) {
    advantages[i] = rewards[i] - mean;
    squares += advantages[i] * advantages[i];
  }
  if (normalize_std) {
    const double divisor = std::sqrt(squares / (count - 1.0)) + kStdEpsilon;
    for (double& advantage : advantages) advantage /= divisor;
  }
  return advantages;
}

std::vector<std::vector<double>> RolloutAdvantages(absl::Span<const v1::Group> groups,
                                                   const AdvantageOptions& options, uint64_t rollout) {
  std::vector<std::vector<double>> result = RolloutRewards(groups, options, rollout);
  for (std::vector<double>& rewards : result) rewards = GroupAdvantages(rewards, options.normalize_std);
  return result;
}

}  // namespace drover::learner
