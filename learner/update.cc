#include "learner/update.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "learner/kl_penalties.h"
#include "learner/losses/kl_estimator.h"
#include "learner/schedule.h"

namespace drover::learner {
namespace {

double SampleStd(const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  double mean = 0.0;
  for (double value : values) mean += value / count;
  double squares = 0.0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return count > 1.0 ? std::sqrt(squares / (count - 1.0)) : 0.0;
}

// Tokens [begin, begin + R) with their current scores. Old log-probabilities that are not defined are the current ones.
LossTokens Narrow(const LossTokens& tokens, int64_t begin, const TokenScores& scores_R) {
  const int64_t rows = scores_R.logprobs_K.size(0);
  LossTokens part;
  for (const auto field :
       {&LossTokens::old_logprobs_K, &LossTokens::reference_logprobs_K, &LossTokens::actor_logprobs_K,
        &LossTokens::sequence_log_ratios_K, &LossTokens::correction_sums_K, &LossTokens::old_values_K,
        &LossTokens::value_targets_K, &LossTokens::advantages_K, &LossTokens::lengths_K}) {
    if ((tokens.*field).defined()) part.*field = (tokens.*field).narrow(0, begin, rows);
  }
  part.rollout_entropy = tokens.rollout_entropy;
  part.logprobs_K = scores_R.logprobs_K;
  part.entropy_K = scores_R.entropy_K;
  part.values_K = scores_R.values_K;
  if (!part.old_logprobs_K.defined()) part.old_logprobs_K = scores_R.logprobs_K.detach();
  return part;
}

std::vector<double> Flat(const std::vector<std::vector<double>>& by_group) {
  std::vector<double> flat;
  for (const std::vector<double>& own : by_group) flat.insert(flat.end(), own.begin(), own.end());
  return flat;
}

}  // namespace

absl::Status CheckNeeds(const LossNeeds& needs, const model::Transformer* reference,
                        const ValueHead* value_head) {
  if (needs.values && value_head == nullptr) {
    return absl::FailedPreconditionError("the loss needs values, and there is no value head");
  }
  if (needs.reference && reference == nullptr) {
    return absl::FailedPreconditionError("the KL has no reference policy: call BeginReinforcement first");
  }
  return absl::OkStatus();
}

RolloutUpdate::RolloutUpdate(const UpdateContext& context, const std::vector<v1::Group>& groups,
                             uint64_t rollout, uint64_t version)
    : context_(context),
      rollout_number_(rollout),
      version_(version),
      forward_{
          .temperature = context.options.temperature,
          .entropy_gradient = context.loss.needs().entropy_gradient,
          .value_head = context.value_head,
          .phases = {context.options.time_phases ? &seconds_ : nullptr, context.options.wait_for_device}},
      groups_(groups),
      rollout_(TakeApart(groups, context.options.advantage, rollout, context.options.mask_truncated)),
      steps_(PlanSteps(rollout_.size(), rollout, context.options.plan)),
      steps_per_epoch_(steps_.size() / context.options.plan.epochs),
      advantages_known_(context.options.advantage.kl.coefficient == 0.0 &&
                        context.options.advantage.baseline != Baseline::kValue),
      scored_ahead_(ScoresAhead()),
      trusts_recorded_(context.options.old_logprobs == OldLogprobs::kChecked && !scored_ahead_ &&
                       IsOfVersion(rollout_, version)) {}

absl::StatusOr<UpdateStats> RolloutUpdate::Run() {
  UpdateStats stats;
  stats.first_step = context_.optimizer_steps + 1;
  RETURN_IF_ERROR(ScoreRollout());
  for (size_t step = 0; step < steps_.size(); ++step) {
    stats.learning_rate = LearningRate();
    ASSIGN_OR_RETURN(StepStats done, Step(step));
    stats.steps.push_back(done);
    if (context_.stepper.skipped_in_a_row() >= static_cast<uint64_t>(context_.options.max_skipped_steps)) {
      return absl::AbortedError(absl::StrCat(
          context_.stepper.skipped_in_a_row(),
          " optimizer steps in a row had a loss or gradient that is not finite",
          " (run.max_skipped_steps); the last was step ", context_.optimizer_steps, " of rollout ",
          rollout_number_, " with loss ", done.loss, " and gradient norm ", done.grad_norm));
    }
  }
  stats.last_step = context_.optimizer_steps;
  RETURN_IF_ERROR(sums_.AllReduce(context_.collectives));
  Summarize(stats.steps, &stats);
  if (context_.options.time_phases) stats.seconds = seconds_;
  return stats;
}

double RolloutUpdate::LearningRate() const {
  return WarmUp(context_.options.learning_rate * context_.rate_scale, context_.stepper.adamw().steps(),
                context_.options.warmup_steps);
}

std::vector<int64_t> RolloutUpdate::Share(size_t step) const {
  return RankShare(steps_[step], rollout_.lengths, context_.collectives.rank(), context_.collectives.size());
}

bool RolloutUpdate::Trains(int64_t response) const {
  if (rollout_.masked[response]) return false;
  if (!advantages_known_) return true;
  // Where the loss and its gradient are exactly 0 the forward pass is left out, unless nothing else measures the entropy.
  return rollout_.HasAdvantage(response) || context_.loss.WantsZeroAdvantage() ||
         context_.options.old_logprobs == OldLogprobs::kActor;
}

bool RolloutUpdate::OldIsCurrent(size_t step) const {
  return step == 0 && context_.options.old_logprobs != OldLogprobs::kActor && !scored_ahead_;
}

Microbatch RolloutUpdate::MakeBatch(const std::vector<int64_t>& responses) const {
  return MakeMicrobatch(rollout_.sequences, responses, context_.stepper.device());
}

void RolloutUpdate::Progress() const {
  if (context_.options.progress) context_.options.progress();
}

std::vector<std::vector<int64_t>> RolloutUpdate::Microbatches(const std::vector<int64_t>& responses) const {
  return PlanMicrobatches(rollout_.sequences, responses, context_.options.microbatch_responses);
}

StepSize RolloutUpdate::SizeOf(size_t step) const {
  StepSize size;
  size.responses = static_cast<int64_t>(steps_[step].size());
  for (int64_t r : steps_[step]) {
    const int64_t length = static_cast<int64_t>(rollout_.sequences[r].response.size());
    if (!rollout_.masked[r]) size.tokens += length;
    size.length_powers += std::pow(static_cast<double>(length), -context_.options.loss.length_exponent);
  }
  return size;
}

absl::StatusOr<StepStats> RolloutUpdate::Step(size_t step) {
  UpdateSums sums;
  std::vector<int64_t> trained;
  for (int64_t r : Share(step)) {
    if (!rollout_.masked[r]) sums.loss_tokens += static_cast<double>(rollout_.sequences[r].response.size());
    if (Trains(r)) trained.push_back(r);
  }
  const auto microbatches = Microbatches(trained);
  RETURN_IF_ERROR(context_.stepper.Begin(static_cast<int64_t>(microbatches.size()), ForwardPasses(step)));
  double loss = 0.0;
  for (const auto& responses : microbatches) {
    Progress();
    loss += TrainMicrobatch(MakeBatch(responses), step, &sums);
    context_.stepper.EndPass();
  }
  if (step == 0) RETURN_IF_ERROR(CheckRecorded());
  ASSIGN_OR_RETURN(StepStats stats, FinishStep(loss));
  ++context_.optimizer_steps;
  if (stats.skipped) {
    LogSkipped(step, stats);
  } else {
    sums_.Add(sums);
  }
  return stats;
}

absl::StatusOr<StepStats> RolloutUpdate::FinishStep(double loss) {
  const PhaseClock clock = forward_.phases.Time(&PhaseSeconds::optimizer);
  return context_.stepper.Finish(loss, LearningRate());
}

LossTokens RolloutUpdate::TokensOf(const Microbatch& batch, bool old_is_current) {
  const LossNeeds needs = context_.loss.needs();
  std::vector<double> lengths;
  for (const Sequence& sequence : rollout_.sequences)
    lengths.push_back(static_cast<double>(sequence.response.size()));
  LossTokens tokens;
  tokens.advantages_K = PerToken(batch, rollout_.advantages);
  tokens.lengths_K = PerToken(batch, lengths);
  if (!old_is_current) tokens.old_logprobs_K = JoinTokens(batch, rollout_.old_logprobs);
  if (needs.reference) tokens.reference_logprobs_K = JoinTokens(batch, rollout_.reference_logprobs);
  if (needs.actor_logprobs) tokens.actor_logprobs_K = JoinTokens(batch, recorded_);
  if (needs.sequence_sums) tokens.sequence_log_ratios_K = SequenceLogRatios(batch, tokens.old_logprobs_K);
  if (needs.values) {
    tokens.old_values_K = JoinTokens(batch, rollout_.old_values);
    tokens.value_targets_K = PerToken(batch, rollout_.value_targets);
  }
  if (needs.correction_sums) tokens.correction_sums_K = CorrectionSums(batch);
  tokens.rollout_entropy = rollout_entropy_;
  return tokens;
}

torch::Tensor RolloutUpdate::CorrectionSums(const Microbatch& batch) const {
  std::vector<double> sums(rollout_.size(), 0.0);
  for (int64_t r : batch.responses) {
    const std::vector<float>& old = rollout_.old_logprobs[r];
    for (size_t t = 0; t < old.size(); ++t) {
      sums[r] += static_cast<double>(old[t]) - rollout_.responses[r]->logprobs(static_cast<int>(t));
    }
  }
  return PerToken(batch, sums);
}

torch::Tensor RolloutUpdate::SequenceLogRatios(const Microbatch& batch, const torch::Tensor& old_logprobs_K) {
  std::vector<double> sums(rollout_.size(), 0.0);
  if (!old_logprobs_K.defined()) return PerToken(batch, sums);  // the old policy is the current one
  const torch::Tensor now_K = Score(context_.model, batch, forward_).logprobs_K;
  const torch::Tensor ratios_K = (now_K - old_logprobs_K).to(at::kDouble).cpu();
  const double* ratio = ratios_K.const_data_ptr<double>();
  for (size_t b = 0; b < batch.responses.size(); ++b) {
    for (int64_t t = 0; t < batch.lengths[b]; ++t) sums[batch.responses[b]] += *ratio++;
  }
  return PerToken(batch, sums);
}

double RolloutUpdate::TrainMicrobatch(const Microbatch& batch, size_t step, UpdateSums* sums) {
  const bool old_is_current = OldIsCurrent(step);
  const LossTokens tokens = TokensOf(batch, old_is_current);
  const StepSize size = SizeOf(step);
  std::vector<LossSums> chunks;
  std::vector<torch::Tensor> logprobs;
  ForwardBackward(context_.model, batch, forward_, [&](int64_t begin, const TokenScores& scores_R) {
    LossResult result = context_.loss.Compute(Narrow(tokens, begin, scores_R), size);
    chunks.push_back(std::move(result.sums));
    logprobs.push_back(scores_R.logprobs_K.detach());
    return result.loss;
  });

  const LossTotals totals = TotalsOf(chunks);
  const double trained = static_cast<double>(batch.tokens());
  sums->trained_tokens += trained;
  sums->clipped += totals.clipped;
  sums->masked += totals.masked;
  sums->weight += totals.weight;
  sums->ratio += totals.ratio;
  sums->kl_old += totals.kl_old;
  sums->kl_reference += totals.kl_reference;
  sums->value_loss += totals.value_loss;
  if (context_.loss.needs().reference) sums->kl_tokens += trained;
  sums->ratio_max = std::max(sums->ratio_max, totals.ratio_max);
  if (old_is_current) SplitTokens(batch, at::cat(logprobs), &rollout_.old_logprobs);
  if (scored_ahead_) return totals.loss;  // ScoreOld has measured the rest
  if (step == 0) AddGap(batch, at::cat(logprobs), std::vector<bool>(rollout_.size(), true));
  if (step == 0 || (TakesRecorded() && step < steps_per_epoch_)) {
    sums->entropy += totals.entropy;
    sums->entropy_tokens += trained;
  }
  return totals.loss;
}

void RolloutUpdate::LogSkipped(size_t step, const StepStats& stats) const {
  std::set<uint64_t> groups;
  std::set<std::string> traces;
  for (int64_t r : steps_[step]) {
    groups.insert(rollout_.groups[r]->group());
    if (!rollout_.groups[r]->trace_id().empty()) traces.insert(rollout_.groups[r]->trace_id());
  }
  log::Warning("optimizer step skipped: its loss or gradient is not finite",
               {{"rollout", rollout_number_},
                {"step", context_.optimizer_steps},
                {"loss", std::to_string(stats.loss)},
                {"grad_norm", std::to_string(stats.grad_norm)},
                {"skipped_in_a_row", context_.stepper.skipped_in_a_row()},
                {"groups", groups},
                {"traces", traces}});
}

void RolloutUpdate::Summarize(const std::vector<StepStats>& steps, UpdateStats* stats) const {
  for (const StepStats& step : steps) {
    if (step.skipped) {
      ++stats->skipped_steps;
    } else {
      stats->loss += step.loss;
      stats->grad_norm += step.grad_norm;
    }
  }
  const double taken = static_cast<double>(steps.size()) - static_cast<double>(stats->skipped_steps);
  stats->loss = Mean(stats->loss, taken);
  stats->grad_norm = Mean(stats->grad_norm, taken);
  stats->clip_fraction = Mean(sums_.clipped, sums_.loss_tokens);
  stats->entropy = Mean(sums_.entropy, sums_.entropy_tokens);
  stats->kl_reference = Mean(sums_.kl_reference, sums_.kl_tokens);
  stats->kl_old = Mean(sums_.kl_old, sums_.trained_tokens);
  if (context_.value_head != nullptr) {
    stats->value_loss = Mean(sums_.value_loss, sums_.trained_tokens);
    stats->explained_variance = explained_variance_;
  }
  stats->masked_fraction = Mean(sums_.masked, sums_.trained_tokens);
  if (sums_.weight > 0.0 || sums_.masked > 0.0) stats->importance_mean = sums_.weight / sums_.trained_tokens;
  if (sums_.trained_tokens > 0.0) {
    stats->ratio_mean = sums_.ratio / sums_.trained_tokens;
    stats->ratio_max = sums_.ratio_max;
  }
  if (sums_.gap_tokens > 0.0) {
    stats->logprob_gap_mean = sums_.gap / sums_.gap_tokens;
    stats->logprob_gap_max = sums_.gap_max;
  }
  stats->advantages = rollout_.AdvantagesByGroup();
  stats->advantage_std = SampleStd(Flat(stats->advantages));
  std::set<const v1::Group*> all(rollout_.groups.begin(), rollout_.groups.end());
  std::set<const v1::Group*> with_signal;
  for (int64_t r = 0; r < rollout_.size(); ++r) {
    if (rollout_.HasAdvantage(r)) with_signal.insert(rollout_.groups[r]);
  }
  stats->zero_advantage_groups = static_cast<int64_t>(all.size() - with_signal.size());
}

}  // namespace drover::learner
