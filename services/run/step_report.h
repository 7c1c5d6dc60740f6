// One line of metrics.jsonl: what one rollout and its optimizer steps were like.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "drover/v1/group.pb.h"

namespace drover::run {

// What can be said of the groups of a rollout before training on them. Rewards are those of group/reward.h.
struct RolloutStats {
  double reward = 0;                              // mean over all responses
  double reward_std_error = 0;                    // standard error of that mean, from the means of the groups
  double response_length = 0;                     // tokens, mean
  std::optional<double> response_length_correct;  // mean over right answers; none: unset
  std::optional<double> response_length_incorrect;  // mean over the others
  double truncated_share = 0;                       // responses cut at the length limit
  double formatted_share = 0;                       // responses from which an answer could be read
  uint64_t groups = 0;
  uint64_t zero_advantage_groups = 0;  // those whose rewards are all equal
  uint64_t identical_groups = 0;       // those whose responses are all the same tokens, two at least
  double staleness_mean = 0;           // newest published version minus the oldest one among a group's tokens
  uint64_t staleness_max = 0;
  uint64_t response_tokens = 0;
  uint64_t prompt_tokens = 0;

  double zero_advantage_share() const { return ShareOfGroups(zero_advantage_groups); }
  double identical_share() const { return ShareOfGroups(identical_groups); }
  double ShareOfGroups(uint64_t count) const {
    return groups == 0 ? 0 : static_cast<double>(count) / static_cast<double>(groups);
  }
};

// `version` is the newest published version. No groups: all zero.
RolloutStats Summarize(const std::vector<v1::Group>& groups, uint64_t version);

struct StepReport {
  uint64_t step = 0;  // rollouts trained, this one included
  uint64_t steps = 0;
  uint32_t incarnation = 1;
  uint64_t weight_version = 0;   // published after this rollout
  uint64_t optimizer_steps = 0;  // over the whole run
  uint64_t skipped_steps = 0;    // of this rollout: loss or gradient not finite
  RolloutStats rollout;
  double loss = 0;
  double grad_norm = 0;
  double clip_fraction = 0;
  double masked_fraction = 0;  // of the tokens that went through the loss
  double importance_mean = 1;  // of their importance weights and masks
  double entropy = 0;
  double kl = 0;
  double old_kl = 0;  // k3 from the old policy (loss.old_logprobs) to the current one
  double ratio_mean = 1;
  double ratio_max = 1;
  double advantage_std = 0;
  // |actor's recorded - learner's| log-probability at the same version; unset: no token was of this version.
  std::optional<double> logprob_gap_mean;
  std::optional<double> logprob_gap_max;
  // With a value head: its loss without the coefficient, and the share of the returns' variance that its values explain; unset:
  // there is none (or all returns are the same).
  std::optional<double> value_loss;
  std::optional<double> explained_variance;
  double learning_rate = 0;
  double collect_seconds = 0;
  double train_seconds = 0;
  double publish_seconds = 0;
  double seconds = 0;              // since the run began
  uint64_t tokens_generated = 0;   // response tokens since the run began
  double tokens_per_second = 0;    // response tokens over this step's whole time
  std::optional<double> accuracy;  // held-out accuracy, when this step was evaluated
};

nlohmann::ordered_json ToJson(const StepReport& report);

}  // namespace drover::run
