#include "learner/advantages/advantages.h"

#include "base/check.h"
#include "base/random.h"
#include "group/reward.h"
#include "learner/advantages/gae.h"
#include "learner/advantages/group_mean.h"
#include "learner/advantages/kl_returns.h"
#include "learner/advantages/leave_one_out.h"
#include "learner/advantages/overlong.h"
#include "learner/advantages/whiten.h"

namespace drover::learner {
namespace {

// By response.
std::vector<int64_t> Lengths(absl::Span<const v1::Group> groups) {
  std::vector<int64_t> lengths;
  for (const v1::Group& group : groups) {
    for (const v1::Response& response : group.responses()) lengths.push_back(response.token_ids_size());
  }
  return lengths;
}

std::vector<double> RolloutRewards(absl::Span<const v1::Group> groups, const AdvantageOptions& options,
                                   uint64_t rollout) {
  std::vector<double> rewards;
  for (const v1::Group& group : groups) {
    for (const v1::Response& response : group.responses()) {
      rewards.push_back(group::Reward(response) +
                        OverlongReward(response.token_ids_size(), options.overlong));
    }
  }
  if (options.shuffle_rewards) {
    RandomStream random(options.seed, RandomPurpose::kRewardShuffle, rollout);
    Shuffle(rewards, random);
  }
  return rewards;
}

ReturnBaseline BaselineOf(absl::Span<const double> returns, const AdvantageOptions& options) {
  if (options.baseline == Baseline::kNone) return {std::vector<double>(returns.size(), 0.0)};
  if (options.baseline == Baseline::kLeaveOneOut) return LeaveOneOut(returns, options.normalize_std);
  return GroupMean(returns, options.normalize_std);
}

// returns[begin, end) become advantages. The baseline is that of whole responses.
void Subtract(const AdvantageOptions& options, size_t begin, size_t end,
              std::vector<std::vector<double>>* returns) {
  std::vector<double> whole;
  for (size_t r = begin; r < end; ++r) whole.push_back((*returns)[r][0]);
  const ReturnBaseline baseline = BaselineOf(whole, options);
  for (size_t r = begin; r < end; ++r) {
    for (double& value : (*returns)[r]) value = (value - baseline.values[r - begin]) / baseline.divisor;
  }
}

}  // namespace

std::vector<std::vector<double>> RolloutAdvantages(absl::Span<const v1::Group> groups,
                                                   const AdvantageOptions& options, uint64_t rollout,
                                                   const std::vector<std::vector<double>>& penalties) {
  DROVER_CHECK(options.baseline != Baseline::kValue);
  const std::vector<double> rewards = RolloutRewards(groups, options, rollout);
  std::vector<std::vector<double>> result;
  for (size_t r = 0; r < rewards.size(); ++r) {
    const absl::Span<const double> own = penalties.empty() ? absl::Span<const double>() : penalties[r];
    result.push_back(KlReturns(rewards[r], own, options.kl.to_go));
  }
  if (options.baseline == Baseline::kBatchMean) {
    Subtract(options, 0, result.size(), &result);
  } else {
    size_t begin = 0;
    for (const v1::Group& group : groups) {
      const size_t end = begin + group.responses_size();
      Subtract(options, begin, end, &result);
      begin = end;
    }
  }
  if (options.whiten) Whiten(Lengths(groups), &result);
  return result;
}

ValueEstimates RolloutValueEstimates(absl::Span<const v1::Group> groups, const AdvantageOptions& options,
                                     uint64_t rollout, const TokenFigures& figures) {
  const std::vector<double> rewards = RolloutRewards(groups, options, rollout);
  ValueEstimates result;
  std::vector<std::vector<double>> returns;
  for (size_t r = 0; r < rewards.size(); ++r) {
    const absl::Span<const double> penalties =
        figures.penalties.empty() ? absl::Span<const double>() : figures.penalties[r];
    const std::vector<double>& values = figures.values[r];
    const std::vector<double> own = TokenRewards(rewards[r], penalties, options.kl.to_go, values.size());
    result.advantages.push_back(GaeAdvantages(own, values, options.gae));
    std::vector<double>& target = result.targets.emplace_back(result.advantages.back());
    for (size_t t = 0; t < values.size(); ++t) target[t] += values[t];
    returns.push_back(DiscountedReturns(own, options.gae.gamma));
  }
  result.explained_variance = ExplainedVariance(returns, figures.values);
  if (options.whiten) Whiten(Lengths(groups), &result.advantages);
  return result;
}

}  // namespace drover::learner
