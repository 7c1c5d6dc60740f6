#include "services/metrics/learner_metrics.h"

#include <map>
#include <string>
#include <utility>

#include "group/reward.h"
#include "group/versions.h"

namespace drover::metrics {
namespace {

struct PhaseName {
  v1::RunPhase phase;
  const char* name;
};
constexpr PhaseName kPhases[] = {
    {v1::RUN_PHASE_STARTING, "starting"},     {v1::RUN_PHASE_PRETRAINING, "pretraining"},
    {v1::RUN_PHASE_EVALUATING, "evaluating"}, {v1::RUN_PHASE_COLLECTING, "collecting"},
    {v1::RUN_PHASE_TRAINING, "training"},     {v1::RUN_PHASE_FINISHED, "finished"},
};

constexpr std::array<const char*, kActivities> kActivityNames = {
    "loading", "pretraining", "waiting", "training", "publishing", "evaluating", "checkpointing"};

const std::vector<double>& VersionCounts() {
  static const auto& buckets = *new std::vector<double>{0, 1, 2, 3, 4, 6, 8, 16, 32, 64, 256, 1024};
  return buckets;
}

// As programs/learner/guards.h calls them, and what they may have done.
constexpr std::array<const char*, 5> kGuardNames = {"entropy", "reward", "kl", "gradient", "siblings"};
constexpr std::array<std::pair<v1::GuardAction, const char*>, 4> kGuardActions = {
    {{v1::WARN, "warn"},
     {v1::LOWER_RATE, "lower_rate"},
     {v1::ROLL_BACK, "roll_back"},
     {v1::END_RUN, "end_run"}}};

prometheus::Gauge& Lease(prometheus::Registry& r, const char* state) {
  return AddGauge(
      r, "drover_learner_leases",
      "Leases of the surviving line of versions by what became of them; they add up to those issued.",
      {{"state", state}});
}

}  // namespace

// Of the newest optimizer steps: what a practitioner looks at first.
struct LearnerMetrics::Step {
  explicit Step(prometheus::Registry& r)
      : reward(AddGauge(r, "drover_learner_reward_mean",
                        "Mean reward over the responses of the newest rollout.")),
        loss(
            AddGauge(r, "drover_learner_loss", "Loss of the newest rollout, mean over its optimizer steps.")),
        grad_norm(AddGauge(r, "drover_learner_gradient_norm", "Norm of the gradient before clipping, mean.")),
        clip(AddGauge(r, "drover_learner_clip_ratio", "Share of tokens whose ratio was clipped, 0 to 1.")),
        masked(AddGauge(r, "drover_learner_masked_ratio",
                        "Share of trained tokens that an importance weight or mask of 0 left out, 0 to 1.")),
        importance(
            AddGauge(r, "drover_learner_importance_mean",
                     "Importance weight (loss.correction) and mask of a trained token, mean; 1 without.")),
        entropy(AddGauge(r, "drover_learner_entropy_nats", "Entropy of the policy per token, mean.")),
        kl(AddGauge(r, "drover_learner_kl_nats", "k3 KL to the reference policy per token, mean.")),
        old_kl(AddGauge(r, "drover_learner_old_kl_nats",
                        "k3 KL from the old policy (loss.old_logprobs) to the current one per token, mean.")),
        ratio_mean(AddGauge(r, "drover_learner_ratio_mean",
                            "Probability ratio of current to old policy per token, mean.")),
        ratio_max(AddGauge(r, "drover_learner_ratio_max",
                           "Largest probability ratio of current to old policy of a token.")),
        advantage(AddGauge(r, "drover_learner_advantage_std", "Standard deviation of the advantages.")),
        gap_mean(
            AddGauge(r, "drover_learner_logprob_gap_mean_nats",
                     "Mean absolute difference of a token's log-probability, actor's against learner's.")),
        gap_max(
            AddGauge(r, "drover_learner_logprob_gap_max_nats",
                     "Largest absolute difference of a token's log-probability, actor's against learner's.")),
        value_loss(AddGauge(r, "drover_learner_value_loss",
                            "Value loss per token without its coefficient (PPO), mean; 0 without.")),
        explained(AddGauge(r, "drover_learner_explained_variance_ratio",
                           "Share of the returns' variance that the values explain (PPO): 1 all, 0 none, "
                           "negative worse than a constant; 0 without.")),
        length_mean(AddGauge(r, "drover_learner_response_length_mean_tokens",
                             "Mean response length, newest rollout.")),
        truncated(AddGauge(r, "drover_learner_truncated_ratio",
                           "Share of responses cut at the length limit, 0 to 1.")),
        formatted(
            AddGauge(r, "drover_learner_formatted_ratio", "Share of responses that kept the reward format.")),
        zero_advantage(AddGauge(r, "drover_learner_zero_advantage_ratio",
                                "Share of groups whose rewards are all equal, 0 to 1.")),
        staleness_max(
            AddGauge(r, "drover_learner_staleness_max_versions", "Largest staleness in the newest rollout.")),
        staleness_mean(
            AddGauge(r, "drover_learner_staleness_mean_versions", "Mean staleness in the newest rollout.")),
        learning_rate(
            AddGauge(r, "drover_learner_learning_rate", "Learning rate of the newest optimizer step.")),
        tokens_per_second(AddGauge(r, "drover_learner_response_tokens_per_second",
                                   "Response tokens of the newest rollout over its whole time.")),
        rollouts(AddCounter(r, "drover_learner_rollouts_total", "Rollouts trained by this process.")),
        tokens(AddCounter(r, "drover_learner_trained_tokens_total",
                          "Response tokens trained on by this process.")),
        skipped(AddCounter(r, "drover_learner_skipped_steps_total",
                           "Optimizer steps that changed nothing because loss or gradient was not finite.")),
        steps(AddGauge(r, "drover_learner_optimizer_steps",
                       "Optimizer steps of the surviving line of versions.")),
        step_timestamp(
            AddGauge(r, "drover_learner_step_timestamp_seconds",
                     "When the newest rollout was trained, seconds since the epoch; 0: none yet.")),
        collect(AddHistogram(r, "drover_learner_collect_seconds", "Time waiting for a rollout's groups.",
                             LongSeconds())),
        train(AddHistogram(r, "drover_learner_train_seconds", "Time in the optimizer steps of a rollout.",
                           LongSeconds())) {}
  prometheus::Gauge &reward, &loss, &grad_norm, &clip, &masked, &importance, &entropy, &kl, &old_kl,
      &ratio_mean, &ratio_max, &advantage, &gap_mean, &gap_max, &value_loss, &explained, &length_mean,
      &truncated, &formatted, &zero_advantage, &staleness_max, &staleness_mean, &learning_rate,
      &tokens_per_second;
  prometheus::Counter &rollouts, &tokens, &skipped;
  prometheus::Gauge &steps, &step_timestamp;
  prometheus::Histogram &collect, &train;
};

// Of single groups and responses.
struct LearnerMetrics::Groups {
  explicit Groups(prometheus::Registry& r)
      : correct(Length(r, "correct")),
        incorrect(Length(r, "incorrect")),
        truncated(
            AddCounter(r, "drover_learner_truncated_responses_total", "Responses cut at the length limit.")),
        zero_advantage(AddCounter(r, "drover_learner_zero_advantage_groups_total",
                                  "Groups trained whose rewards are all equal.")),
        staleness(AddHistogram(r, "drover_learner_staleness_versions",
                               "Newest published version minus the oldest among a group's tokens.",
                               VersionCounts())) {}
  static prometheus::Histogram& Length(prometheus::Registry& r, const char* outcome) {
    return AddHistogram(r, "drover_learner_response_length_tokens",
                        "Length of the responses collected, by reward.", TokenCounts(),
                        {{"outcome", outcome}});
  }
  prometheus::Histogram &correct, &incorrect;
  prometheus::Counter &truncated, &zero_advantage;
  prometheus::Histogram& staleness;
};

// Of the run as a whole.
struct LearnerMetrics::Run {
  explicit Run(prometheus::Registry& r)
      : version(AddGauge(r, "drover_learner_weight_version", "Newest weight version published.")),
        incarnation(
            AddGauge(r, "drover_learner_incarnation", "How many times this run's learner was started.")),
        published(
            AddCounter(r, "drover_learner_publications_total", "Weight versions published by this process.")),
        publish_seconds(AddHistogram(r, "drover_learner_publish_seconds",
                                     "Time to export and publish the weights.", LongSeconds())),
        accuracy(AddGauge(r, "drover_learner_heldout_accuracy_ratio",
                          "Greedy accuracy on the held-out questions at the newest evaluation, 0 to 1.")),
        evaluations(AddCounter(r, "drover_learner_evaluations_total", "Evaluations done by this process.")),
        evaluation_pending(AddGauge(r, "drover_learner_evaluation_pending_questions",
                                    "Questions of the evaluation in progress that are not graded yet; 0: "
                                    "none is in progress.")),
        evaluations_given_up(AddCounter(r, "drover_learner_evaluations_given_up_total",
                                        "Evaluations that a stop or a roll-back ended for good.")),
        evaluated(AddGauge(r, "drover_learner_evaluation_timestamp_seconds",
                           "When the newest evaluation ended, seconds since the epoch; 0: none yet.")),
        checkpoints(
            AddCounter(r, "drover_learner_checkpoints_total", "Checkpoints made durable by this process.")),
        checkpoint_failures(AddCounter(r, "drover_learner_checkpoint_failures_total",
                                       "Checkpoints that could not be written and were skipped.")),
        checkpoint_seconds(AddHistogram(r, "drover_learner_checkpoint_seconds",
                                        "Time to write a checkpoint while training goes on.", LongSeconds())),
        checkpoint_bytes(AddGauge(r, "drover_learner_checkpoint_bytes",
                                  "Size of the newest checkpoint of this process; 0: none yet.")),
        checkpointed(
            AddGauge(r, "drover_learner_checkpoint_timestamp_seconds",
                     "When the newest checkpoint became durable, seconds since the epoch; 0: none yet.")),
        progressed(
            AddGauge(r, "drover_learner_progress_timestamp_seconds",
                     "When anything of the run last went on (a supervised step, a group, optimizer steps, "
                     "an evaluation, a checkpoint), seconds since the epoch; 0: nothing yet.")),
        disk_free(AddGauge(r, "drover_learner_disk_free_bytes",
                           "Bytes that could still be written to the disk of the run folder after the newest "
                           "rollout; 0: no rollout yet.")),
        ready(
            AddGauge(r, "drover_learner_ready", "1 while it serves: past loading and not stopping, else 0.")),
        target(
            AddGauge(r, "drover_learner_target_rollouts", "Rollouts that the run is to train (run.steps).")),
        staleness_bound(AddGauge(r, "drover_learner_staleness_bound_versions",
                                 "Staleness above which a group is never trained on (staleness.bound).")),
        ranks(AddGauge(r, "drover_learner_ranks", "Processes that share each optimizer step.")),
        actors(AddGauge(r, "drover_learner_actors", "Actors seen in the last minute.")),
        leased(
            AddGauge(r, "drover_learner_leases_issued", "Leases issued on the surviving line of versions.")),
        trained(Lease(r, "trained")),
        pending(Lease(r, "pending")),
        filtered(Lease(r, "filtered")),
        expired(Lease(r, "expired")),
        stale(Lease(r, "stale")),
        failed(Lease(r, "failed")),
        rate_scale(AddGauge(r, "drover_learner_rate_scale_ratio",
                            "Share of the learning rate that the guards have left, 0 to 1.")) {
    rate_scale.Set(1);
    for (const char* guard : kGuardNames) {
      for (const auto& [action, name] : kGuardActions) {
        guarded[{guard, action}] = &AddCounter(r, "drover_learner_guard_alarms_total",
                                               "Times that a guard found its limit passed, by what was done.",
                                               {{"guard", guard}, {"action", name}});
      }
    }
    for (const PhaseName& p : kPhases) {
      phases.push_back(&AddGauge(r, "drover_learner_phase", "1 for the phase that the run is in, else 0.",
                                 {{"phase", p.name}}));
    }
    for (const char* name : kActivityNames) {
      spent.push_back(&AddCounter(r, "drover_learner_activity_seconds_total",
                                  "Time of rank 0 by what it went into; waiting is for groups of actors.",
                                  {{"activity", name}}));
    }
  }
  prometheus::Gauge &version, &incarnation;
  prometheus::Counter& published;
  prometheus::Histogram& publish_seconds;
  prometheus::Gauge& accuracy;
  prometheus::Counter& evaluations;
  prometheus::Gauge& evaluation_pending;
  prometheus::Counter& evaluations_given_up;
  prometheus::Gauge& evaluated;
  prometheus::Counter &checkpoints, &checkpoint_failures;
  prometheus::Histogram& checkpoint_seconds;
  prometheus::Gauge& checkpoint_bytes;
  prometheus::Gauge &checkpointed, &progressed, &disk_free, &ready, &target, &staleness_bound, &ranks,
      &actors, &leased, &trained, &pending, &filtered, &expired, &stale, &failed, &rate_scale;
  std::vector<prometheus::Gauge*> phases;
  std::vector<prometheus::Counter*> spent;
  std::map<std::pair<std::string, v1::GuardAction>, prometheus::Counter*> guarded;
};

LearnerMetrics::LearnerMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      weights_(*registry_),
      experience_(*registry_),
      step_(std::make_shared<Step>(*registry_)),
      groups_(std::make_shared<Groups>(*registry_)),
      run_(std::make_shared<Run>(*registry_)) {}

void LearnerMetrics::Published(uint64_t version, double seconds) {
  run_->version.Set(static_cast<double>(version));
  run_->published.Increment();
  run_->publish_seconds.Observe(seconds);
}

void LearnerMetrics::SetEvaluationPending(uint64_t questions) {
  run_->evaluation_pending.Set(static_cast<double>(questions));
}

void LearnerMetrics::EvaluationGivenUp() { run_->evaluations_given_up.Increment(); }

void LearnerMetrics::Evaluated(double accuracy) {
  run_->accuracy.Set(accuracy);
  run_->evaluations.Increment();
  run_->evaluated.Set(UnixSeconds());
}

void LearnerMetrics::Collected(const std::vector<v1::Group>& groups, uint64_t version) {
  for (const v1::Group& group : groups) {
    for (const v1::Response& response : group.responses()) {
      (group::Correct(response) ? groups_->correct : groups_->incorrect).Observe(response.token_ids_size());
      if (group::Truncated(response)) groups_->truncated.Increment();
    }
    groups_->staleness.Observe(static_cast<double>(group::Staleness(group, version)));
  }
}

void LearnerMetrics::SteppedSupervised(const run::StepReport& report) {
  step_->loss.Set(report.loss);
  step_->grad_norm.Set(report.grad_norm);
  step_->learning_rate.Set(report.learning_rate);
  step_->tokens_per_second.Set(report.tokens_per_second);
  step_->tokens.Increment(static_cast<double>(report.rollout.response_tokens));
  step_->skipped.Increment(static_cast<double>(report.skipped_steps));
  step_->steps.Set(static_cast<double>(report.optimizer_steps));
  step_->step_timestamp.Set(UnixSeconds());
  step_->train.Observe(report.train_seconds);
}

void LearnerMetrics::Stepped(const run::StepReport& report) {
  const run::RolloutStats& rollout = report.rollout;
  step_->reward.Set(rollout.reward);
  step_->loss.Set(report.loss);
  step_->grad_norm.Set(report.grad_norm);
  step_->clip.Set(report.clip_fraction);
  step_->masked.Set(report.masked_fraction);
  step_->importance.Set(report.importance_mean);
  step_->entropy.Set(report.entropy);
  step_->kl.Set(report.kl);
  step_->old_kl.Set(report.old_kl);
  step_->ratio_mean.Set(report.ratio_mean);
  step_->ratio_max.Set(report.ratio_max);
  step_->advantage.Set(report.advantage_std);
  if (report.logprob_gap_mean) step_->gap_mean.Set(*report.logprob_gap_mean);
  if (report.logprob_gap_max) step_->gap_max.Set(*report.logprob_gap_max);
  if (report.value_loss) step_->value_loss.Set(*report.value_loss);
  if (report.explained_variance) step_->explained.Set(*report.explained_variance);
  step_->length_mean.Set(rollout.response_length);
  step_->truncated.Set(rollout.truncated_share);
  step_->formatted.Set(rollout.formatted_share);
  step_->zero_advantage.Set(rollout.zero_advantage_share());
  groups_->zero_advantage.Increment(static_cast<double>(rollout.zero_advantage_groups));
  step_->staleness_max.Set(static_cast<double>(rollout.staleness_max));
  step_->staleness_mean.Set(rollout.staleness_mean);
  step_->learning_rate.Set(report.learning_rate);
  step_->tokens_per_second.Set(report.tokens_per_second);
  step_->rollouts.Increment();
  step_->tokens.Increment(static_cast<double>(rollout.response_tokens));
  step_->skipped.Increment(static_cast<double>(report.skipped_steps));
  step_->steps.Set(static_cast<double>(report.optimizer_steps));
  step_->step_timestamp.Set(UnixSeconds());
  step_->collect.Observe(report.collect_seconds);
  step_->train.Observe(report.train_seconds);
}

void LearnerMetrics::Checkpointed(uint64_t bytes, double seconds) {
  run_->checkpoints.Increment();
  run_->checkpoint_bytes.Set(static_cast<double>(bytes));
  run_->checkpoint_seconds.Observe(seconds);
  run_->checkpointed.Set(UnixSeconds());
}

void LearnerMetrics::CheckpointFailed() { run_->checkpoint_failures.Increment(); }

void LearnerMetrics::SetDiskFree(uint64_t bytes) { run_->disk_free.Set(static_cast<double>(bytes)); }

void LearnerMetrics::Entered(v1::RunPhase phase) {
  for (size_t i = 0; i < run_->phases.size(); ++i) run_->phases[i]->Set(kPhases[i].phase == phase ? 1 : 0);
}

void LearnerMetrics::Guarded(const std::string& guard, v1::GuardAction action) {
  const auto counter = run_->guarded.find({guard, action});
  if (counter != run_->guarded.end()) counter->second->Increment();
}

void LearnerMetrics::SetRateScale(double scale) { run_->rate_scale.Set(scale); }

void LearnerMetrics::SetIncarnation(uint32_t incarnation) { run_->incarnation.Set(incarnation); }

void LearnerMetrics::SetLeases(const v1::LeaseCounts& counts) {
  run_->leased.Set(static_cast<double>(counts.leased()));
  run_->trained.Set(static_cast<double>(counts.trained()));
  run_->pending.Set(static_cast<double>(counts.pending()));
  run_->filtered.Set(static_cast<double>(counts.filtered()));
  run_->expired.Set(static_cast<double>(counts.expired()));
  run_->stale.Set(static_cast<double>(counts.stale()));
  run_->failed.Set(static_cast<double>(counts.failed()));
}

void LearnerMetrics::SetActors(uint32_t actors) { run_->actors.Set(actors); }

void LearnerMetrics::SetTargets(const RunTargets& targets) {
  run_->target.Set(static_cast<double>(targets.rollouts));
  run_->staleness_bound.Set(static_cast<double>(targets.staleness_bound));
  run_->ranks.Set(targets.ranks);
}

void LearnerMetrics::SetReady(bool ready) { run_->ready.Set(ready ? 1 : 0); }

void LearnerMetrics::Spent(Activity activity, double seconds) {
  run_->spent[static_cast<size_t>(activity)]->Increment(seconds);
  if (activity != Activity::kWaiting) Progressed();
}

void LearnerMetrics::Progressed() { run_->progressed.Set(UnixSeconds()); }

}  // namespace drover::metrics
