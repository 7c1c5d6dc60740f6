// What a rollout's update knows before its first optimizer step: log-probabilities, entropy and KL of its tokens.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "learner/kl_penalties.h"
#include "learner/losses/kl_estimator.h"
#include "learner/update.h"

namespace drover::learner {

bool RolloutUpdate::ScoresAhead() const {
  const LossNeeds needs = context_.loss.needs();
  if (needs.rollout_entropy || needs.values) return true;
  return context_.options.old_logprobs != OldLogprobs::kActor &&
         (needs.correction_sums || !advantages_known_);
}

// Which responses need a forward pass before the first step, on this rank:
//
//   counted     in this rank's shares of the first epoch. Over all ranks each response is in exactly one share of an epoch,
//               so sums over the counted ones are sums over the rollout
//   referenced  takes part in the loss of some step here, or counted where the KL is a part of the reward: these need the
//               reference's log-probabilities
//   unscored    counted, or takes part in the loss of some step here, so that its old log-probabilities are needed; but for
//               those that this rank trains on in step 0: that step has the old policy's weights, and its own forward pass
//               computes them (TrainMicrobatch), unless something is to be known of the rollout before (ScoresAhead)
//   unchecked   of the unscored those that train here, where the recorded ones are trusted: scored only when the first step
//               finds others than were recorded (CheckRecorded)
//
// A later epoch may deal a response to another rank than the first did: there it is scored and not counted. The sets are
// in the order of response numbers, so that microbatches, and with them rounding, depend on the rollout alone.
absl::Status RolloutUpdate::ScoreRollout() {
  const bool actor = context_.options.old_logprobs == OldLogprobs::kActor;
  const bool charges_kl = context_.options.advantage.kl.coefficient > 0.0;
  if (TakesRecorded()) rollout_.old_logprobs = RecordedLogprobs(rollout_);
  if (context_.loss.needs().actor_logprobs) recorded_ = RecordedLogprobs(rollout_);
  counted_.assign(rollout_.size(), false);
  std::set<int64_t> unscored;
  std::set<int64_t> referenced;
  for (size_t step = 0; step < steps_.size(); ++step) {
    const bool first_epoch = step < steps_per_epoch_;
    for (int64_t r : Share(step)) {
      if (first_epoch) counted_[r] = true;
      if (first_epoch || (Trains(r) && !actor)) unscored.insert(r);
      if (Trains(r) || (first_epoch && charges_kl)) referenced.insert(r);
    }
  }
  for (int64_t r : Share(0)) {
    if (!scored_ahead_ && Trains(r)) unscored.erase(r);
  }
  if (trusts_recorded_) {
    for (int64_t r : unscored) {
      if (Trains(r)) unchecked_.push_back(r);
    }
    for (int64_t r : unchecked_) unscored.erase(r);
  }
  if (charges_kl || context_.loss.needs().reference) {
    ScoreReference({referenced.begin(), referenced.end()});
  }
  if (!actor || scored_ahead_) RETURN_IF_ERROR(ScoreOld({unscored.begin(), unscored.end()}));
  if (context_.loss.needs().rollout_entropy) RETURN_IF_ERROR(MeasureEntropy());
  return advantages_known_ ? absl::OkStatus() : FindAdvantages();
}

absl::Status RolloutUpdate::MeasureEntropy() {
  torch::Tensor sums = at::tensor({sums_.entropy, sums_.entropy_tokens}, at::kDouble);
  RETURN_IF_ERROR(context_.collectives.AllReduceSum(sums));
  rollout_entropy_ = Mean(sums[0].item<double>(), sums[1].item<double>());
  return absl::OkStatus();
}

// Every rank computes the KL and the values of the responses that it counts; together they are the rollout's, and from them
// every rank computes the same advantages.
absl::Status RolloutUpdate::FindAdvantages() {
  const AdvantageOptions& options = context_.options.advantage;
  TokenFigures figures;
  if (options.kl.coefficient > 0.0) {
    ASSIGN_OR_RETURN(figures.penalties, ChargeKl());
  }
  if (options.baseline == Baseline::kValue) {
    ASSIGN_OR_RETURN(figures.values, GatherValues());
    ValueEstimates estimates = RolloutValueEstimates(groups_, options, rollout_number_, figures);
    rollout_.advantages = std::move(estimates.advantages);
    rollout_.value_targets = std::move(estimates.targets);
    explained_variance_ = estimates.explained_variance;
  } else {
    rollout_.advantages = RolloutAdvantages(groups_, options, rollout_number_, figures.penalties);
  }
  advantages_known_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::vector<double>>> RolloutUpdate::ChargeKl() {
  torch::Tensor ratios = ReferenceRatios(rollout_, counted_);
  if (!context_.loss.needs().reference) {
    sums_.kl_reference += EstimateKl(KlEstimator::kK3, ratios).sum().item<double>();
    for (int64_t r = 0; r < rollout_.size(); ++r) {
      if (counted_[r]) sums_.kl_tokens += static_cast<double>(rollout_.sequences[r].response.size());
    }
  }
  RETURN_IF_ERROR(context_.collectives.AllReduceSum(ratios));
  return KlPenalties(rollout_, context_.options.advantage.kl, ratios);
}

// The values of every response come to every rank: a later epoch may deal it to another one.
absl::StatusOr<std::vector<std::vector<double>>> RolloutUpdate::GatherValues() {
  std::vector<double> flat;
  for (int64_t r = 0; r < rollout_.size(); ++r) {
    for (size_t t = 0; t < rollout_.sequences[r].response.size(); ++t) {
      flat.push_back(counted_[r] ? static_cast<double>(rollout_.old_values[r][t]) : 0.0);
    }
  }
  torch::Tensor values = at::tensor(flat, at::kDouble);
  RETURN_IF_ERROR(context_.collectives.AllReduceSum(values));
  std::vector<std::vector<double>> by_response = ByResponse(rollout_, values);
  for (int64_t r = 0; r < rollout_.size(); ++r) {
    rollout_.old_values[r].assign(by_response[r].begin(), by_response[r].end());
  }
  return by_response;
}

// The sample: what the first step has trained on, and the responses that were scored before it. Every rank comes to the same
// answer. The step's gradients are there and its weights not yet changed, so it is not too late to score.
absl::Status RolloutUpdate::CheckRecorded() {
  if (!trusts_recorded_) return absl::OkStatus();
  torch::Tensor sums = at::tensor({sums_.gap, sums_.gap_tokens}, at::kDouble);
  RETURN_IF_ERROR(context_.collectives.AllReduceSum(sums));
  const double tokens = sums[1].item<double>();
  if (sums[0].item<double>() == 0.0 && tokens > 0.0) return absl::OkStatus();
  trusts_recorded_ = false;
  if (tokens > 0.0) {
    log::Warning(
        "the log-probabilities that actors recorded are not the learner's: this rollout is scored again "
        "(loss.old_logprobs: CHECKED)",
        {{"rollout", rollout_number_}, {"mean_gap", std::to_string(sums[0].item<double>() / tokens)}});
  }
  return ScoreOld(unchecked_);
}

void RolloutUpdate::ScoreReference(const std::vector<int64_t>& responses) {
  for (const auto& cut : Microbatches(responses)) {
    Progress();
    const Microbatch batch = MakeBatch(cut);
    SplitTokens(batch, Score(*context_.reference, batch, forward_).logprobs_K, &rollout_.reference_logprobs);
  }
}

absl::Status RolloutUpdate::ScoreOld(const std::vector<int64_t>& responses) {
  const std::vector<double> weights(counted_.begin(), counted_.end());
  const auto microbatches = Microbatches(responses);
  RETURN_IF_ERROR(context_.stepper.BeginForwards(static_cast<int64_t>(microbatches.size())));
  for (const auto& cut : microbatches) {
    Progress();
    const Microbatch batch = MakeBatch(cut);
    const TokenScores scores = Score(context_.model, batch, forward_);
    if (context_.options.old_logprobs != OldLogprobs::kActor)
      SplitTokens(batch, scores.logprobs_K, &rollout_.old_logprobs);
    if (scores.values_K.defined()) SplitTokens(batch, scores.values_K, &rollout_.old_values);
    const torch::Tensor counted_K = PerToken(batch, weights);
    sums_.entropy += (scores.entropy_K * counted_K).sum(at::kDouble).item<double>();
    sums_.entropy_tokens += counted_K.sum(at::kDouble).item<double>();
    AddGap(batch, scores.logprobs_K, counted_);
    RETURN_IF_ERROR(context_.stepper.EndForward());
  }
  return context_.stepper.EndForwards(context_.options.progress);
}

void RolloutUpdate::AddGap(const Microbatch& batch, const torch::Tensor& logprobs_K,
                           const std::vector<bool>& counted) {
  const torch::Tensor flat_K = logprobs_K.to(at::kCPU, at::kFloat).contiguous();
  const float* learner = flat_K.data_ptr<float>();
  for (int64_t r : batch.responses) {
    const v1::Response& response = *rollout_.responses[r];
    int t = 0;
    for (const v1::VersionRun& run : response.versions()) {
      for (uint32_t i = 0; i < run.count(); ++i, ++t, ++learner) {
        if (!counted[r] || run.version() != version_) continue;
        const double gap = std::abs(static_cast<double>(*learner) - response.logprobs(t));
        sums_.gap += gap;
        sums_.gap_tokens += 1.0;
        sums_.gap_max = std::max(sums_.gap_max, gap);
      }
    }
  }
}

}  // namespace drover::learner
