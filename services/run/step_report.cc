#include "services/run/step_report.h"

#include <algorithm>
#include <cmath>

#include "group/reward.h"
#include "group/versions.h"
#include "services/run/jsonl.h"

namespace drover::run {
namespace {

// A mean that knows whether anything was added.
struct Mean {
  double sum = 0;
  uint64_t count = 0;
  void Add(double x) {
    sum += x;
    ++count;
  }
  double value() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
  std::optional<double> optional() const {
    if (count == 0) return std::nullopt;
    return value();
  }
};

// Standard error of the mean of `values` (sample standard deviation over sqrt n).
double StandardError(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  Mean mean;
  for (double value : values) mean.Add(value);
  double squares = 0;
  for (double value : values) squares += (value - mean.value()) * (value - mean.value());
  const double n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n);
}

bool ResponsesAllEqual(const v1::Group& group) {
  if (group.responses_size() < 2) return false;
  const auto& first = group.responses(0).token_ids();
  return std::all_of(group.responses().begin(), group.responses().end(), [&](const v1::Response& response) {
    return std::equal(first.begin(), first.end(), response.token_ids().begin(), response.token_ids().end());
  });
}

}  // namespace

RolloutStats Summarize(const std::vector<v1::Group>& groups, uint64_t version) {
  RolloutStats stats;
  stats.groups = groups.size();
  Mean reward, length, correct, incorrect, truncated, formatted, staleness;
  std::vector<double> group_rewards;
  for (const v1::Group& group : groups) {
    Mean group_reward;
    for (const v1::Response& response : group.responses()) {
      const double tokens = response.token_ids_size();
      reward.Add(group::Reward(response));
      group_reward.Add(group::Reward(response));
      length.Add(tokens);
      (group::Correct(response) ? correct : incorrect).Add(tokens);
      truncated.Add(group::Truncated(response));
      formatted.Add(response.formatted());
      stats.response_tokens += static_cast<uint64_t>(response.token_ids_size());
    }
    stats.prompt_tokens += static_cast<uint64_t>(group.prompt_token_ids_size());
    group_rewards.push_back(group_reward.value());
    stats.zero_advantage_groups += group::RewardsAllEqual(group);
    stats.identical_groups += ResponsesAllEqual(group);
    const uint64_t behind = group::Staleness(group, version);
    staleness.Add(static_cast<double>(behind));
    stats.staleness_max = std::max(stats.staleness_max, behind);
  }
  stats.reward = reward.value();
  stats.reward_std_error = StandardError(group_rewards);
  stats.response_length = length.value();
  stats.response_length_correct = correct.optional();
  stats.response_length_incorrect = incorrect.optional();
  stats.truncated_share = truncated.value();
  stats.formatted_share = formatted.value();
  stats.staleness_mean = staleness.value();
  return stats;
}

nlohmann::ordered_json ToJson(const StepReport& r) {
  return {{"step", r.step},
          {"steps", r.steps},
          {"reward", r.rollout.reward},
          {"reward_std_error", r.rollout.reward_std_error},
          {"accuracy", OrNull(r.accuracy)},
          {"response_length", r.rollout.response_length},
          {"response_length_correct", OrNull(r.rollout.response_length_correct)},
          {"response_length_incorrect", OrNull(r.rollout.response_length_incorrect)},
          {"truncated_share", r.rollout.truncated_share},
          {"formatted_share", r.rollout.formatted_share},
          {"zero_advantage_share", r.rollout.zero_advantage_share()},
          {"identical_share", r.rollout.identical_share()},
          {"staleness_mean", r.rollout.staleness_mean},
          {"staleness_max", r.rollout.staleness_max},
          {"loss", r.loss},
          {"grad_norm", r.grad_norm},
          {"clip_fraction", r.clip_fraction},
          {"masked_fraction", r.masked_fraction},
          {"importance_mean", r.importance_mean},
          {"entropy", r.entropy},
          {"kl", r.kl},
          {"old_kl", r.old_kl},
          {"ratio_mean", r.ratio_mean},
          {"ratio_max", r.ratio_max},
          {"advantage_std", r.advantage_std},
          {"logprob_gap_mean", OrNull(r.logprob_gap_mean)},
          {"logprob_gap_max", OrNull(r.logprob_gap_max)},
          {"value_loss", OrNull(r.value_loss)},
          {"explained_variance", OrNull(r.explained_variance)},
          {"learning_rate", r.learning_rate},
          {"optimizer_steps", r.optimizer_steps},
          {"skipped_steps", r.skipped_steps},
          {"weight_version", r.weight_version},
          {"incarnation", r.incarnation},
          {"response_tokens", r.rollout.response_tokens},
          {"prompt_tokens", r.rollout.prompt_tokens},
          {"tokens_generated", r.tokens_generated},
          {"tokens_per_second", r.tokens_per_second},
          {"collect_seconds", r.collect_seconds},
          {"train_seconds", r.train_seconds},
          {"publish_seconds", r.publish_seconds},
          {"seconds", r.seconds}};
}

}  // namespace drover::run
