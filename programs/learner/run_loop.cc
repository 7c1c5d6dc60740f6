#include "programs/learner/run_loop.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/learner/pretraining.h"
#include "programs/learner/sampling.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(200);  // how soon a stop is seen while waiting
constexpr absl::Duration kKeepAlive = absl::Seconds(5);    // other ranks hear from us so often while we wait
constexpr absl::Duration kClockEvery = absl::Seconds(5);   // what a kill may cost the summary's seconds
constexpr absl::Duration kSaving = absl::Hours(1);         // of a large checkpoint on a slow disk
constexpr size_t kSamplesInMemory = 8;                     // groups that RunService can show
constexpr size_t kSampleGroupsPerStep = 8;                 // groups that samples.jsonl keeps of a step

double SecondsSince(absl::Time time) { return absl::ToDoubleSeconds(absl::Now() - time); }

}  // namespace

RunLoop::RunLoop(RunParts parts)
    : parts_(std::move(parts)),
      reports_(parts_.folder),
      start_(parts_.started),
      step_start_(absl::Now()),
      counted_until_(step_start_),
      ranks_heard_(step_start_) {}

bool RunLoop::stopping() const { return parts_.stop() || parts_.status->stop_requested(); }

absl::Status RunLoop::Interrupted() const {
  return stopping() ? absl::CancelledError("the run was asked to stop") : absl::OkStatus();
}

double RunLoop::Seconds() const { return history_.seconds + SecondsSince(start_); }

void RunLoop::Enter(v1::RunPhase phase, uint64_t total) {
  parts_.status->Enter(phase, total);
  parts_.metrics->Entered(phase);
}

void RunLoop::Watch(uint64_t done) {
  const experience::Progress progress = parts_.progress->GetProgress();
  parts_.status->Update([&](v1::RunState& state) {
    state.set_phase_done(done);
    state.set_actors(progress.actors);
  });
}

absl::Status RunLoop::KeepRanks() {
  parts_.beat(absl::ZeroDuration());
  if (absl::Now() - ranks_heard_ < kKeepAlive) return absl::OkStatus();
  RETURN_IF_ERROR(parts_.trainer->KeepAlive());
  ranks_heard_ = absl::Now();
  return absl::OkStatus();
}

void RunLoop::Spend(metrics::Activity activity) {
  parts_.beat(absl::ZeroDuration());
  const absl::Time now = absl::Now();
  parts_.metrics->Spent(activity,
                        absl::ToDoubleSeconds(std::max(now - counted_until_, absl::ZeroDuration())));
  counted_until_ = now;
  if (now - clock_written_ >= kClockEvery) KeepClock();
}

void RunLoop::KeepClock() {
  clock_written_ = absl::Now();
  const absl::Status written = reports_.WriteClock(Seconds());
  if (!written.ok())
    log::Warning("the run's clock is not kept", {{"reason", std::string(written.message())}});
}

absl::StatusOr<RunEnd> RunLoop::Run() {
  const absl::Status done = [&] {
    RETURN_IF_ERROR(Begin());
    while (version_ < parts_.recipe.run().steps()) {
      RETURN_IF_ERROR(Interrupted());
      RETURN_IF_ERROR(TrainOneRollout());
    }
    return Finish();
  }();
  if (absl::IsCancelled(done) && stopping()) {
    parts_.readiness->Drain();
    parts_.store->StopLeasing();
    RETURN_IF_ERROR(Checkpoint());
    log::Info("stopped in order", {{"step", version_}});
    return RunEnd::kStopped;
  }
  RETURN_IF_ERROR(done);
  return RunEnd::kDone;
}

absl::Status RunLoop::Begin() {
  parts_.status->Update([&](v1::RunState& state) { state.set_steps(parts_.recipe.run().steps()); });
  const bool resumes = parts_.folder.NewestCheckpoint().has_value();
  ResumePoint point;
  parts_.beat(kSaving);
  if (resumes) {
    ASSIGN_OR_RETURN(point, LoadNewestWhole(parts_.folder, parts_.trainer));
    RETURN_IF_ERROR(GoOnFrom(point));
    Spend(metrics::Activity::kLoading);
    parts_.readiness->Set(absl::OkStatus());
  } else {
    ASSIGN_OR_RETURN(history_, reports_.GoBackTo(0));
    parts_.readiness->Set(absl::OkStatus());
    RETURN_IF_ERROR(Pretrain());
    RETURN_IF_ERROR(parts_.trainer->BeginReinforcement());
  }
  RETURN_IF_ERROR(
      Annotate(parts_.store->StartIncarnation(version_),
               point.passed_over.empty() ? "the run cannot go on" : PassedOverText(parts_.folder, point)));
  RETURN_IF_ERROR(SetAside(point));
  for (const std::string& notice : history_.notices) parts_.status->Tell(notice);
  incarnation_ = parts_.progress->GetProgress().incarnation;
  parts_.metrics->SetIncarnation(incarnation_);
  parts_.status->Update([&](v1::RunState& state) { state.set_incarnation(incarnation_); });
  if (!resumes) RETURN_IF_ERROR(Checkpoint());
  RETURN_IF_ERROR(Publish());
  // The first one, or one that the stop of an earlier start cut short.
  const bool evaluated = !history_.evaluations.empty() && history_.evaluations.back().step == version_;
  if (history_.evaluations.empty() || (EvaluationDue() && !evaluated)) RETURN_IF_ERROR(Evaluate());
  return absl::OkStatus();
}

absl::Status RunLoop::GoOnFrom(const ResumePoint& point) {
  version_ = point.meta.version;
  checkpointed_ = version_;
  has_checkpoint_ = true;
  ASSIGN_OR_RETURN(history_, reports_.GoBackTo(version_));
  // Of a run that was done and is given more steps.
  std::error_code ignored;
  std::filesystem::remove(parts_.folder.summary(), ignored);
  if (!history_.evaluations.empty()) {
    const Evaluation& last = history_.evaluations.back();
    parts_.status->Update([&](v1::RunState& state) {
      state.set_heldout_accuracy(last.accuracy());
      state.set_heldout_questions(last.questions);
      state.set_heldout_step(last.step);
    });
  }
  log::Info("resumed", {{"checkpoint", parts_.folder.checkpoint(point.step)}, {"version", version_}});
  return absl::OkStatus();
}

absl::Status RunLoop::SetAside(const ResumePoint& point) {
  if (point.passed_over.empty()) return absl::OkStatus();
  parts_.status->Tell(absl::StrCat(PassedOverText(parts_.folder, point), "; the run goes on from ",
                                   parts_.folder.checkpoint(point.step)));
  for (const DamagedCheckpoint& damaged : point.passed_over) {
    RETURN_IF_ERROR(parts_.folder.SetCheckpointAside(damaged.step));
  }
  return absl::OkStatus();
}

absl::Status RunLoop::Pretrain() {
  const uint64_t batches = parts_.recipe.pretrain().batches();
  if (batches == 0) return absl::OkStatus();
  Enter(v1::RUN_PHASE_PRETRAINING, batches);
  return learner_process::Pretrain(
      parts_.recipe, *parts_.prompts, *parts_.tokenizer, *parts_.trainer, [&](uint64_t done, double loss) {
        Spend(metrics::Activity::kPretraining);
        parts_.status->SetProgress(done);
        parts_.status->Update([&](v1::RunState& s) { s.set_pretrain_loss(loss); });
        return Interrupted();
      });
}

absl::Status RunLoop::Publish() {
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(model::WeightSet weights, parts_.trainer->model().Export());
  log::Info("publish", {{"version", version_}, {"digest", weights.digest}});
  parts_.publisher->Publish({incarnation_, version_}, std::move(weights));
  RETURN_IF_ERROR(parts_.store->Publish(version_));
  publish_seconds_ = SecondsSince(start);
  parts_.metrics->Published(version_, publish_seconds_);
  Spend(metrics::Activity::kPublishing);
  parts_.status->Update([&](v1::RunState& state) {
    state.set_weight_version(version_);
    state.set_step(version_);
  });
  return absl::OkStatus();
}

bool RunLoop::EvaluationDue() const {
  const uint32_t every = parts_.recipe.evaluation().every();
  return version_ == parts_.recipe.run().steps() || (every > 0 && version_ % every == 0);
}

absl::Status RunLoop::Evaluate() {
  const uint64_t wanted = parts_.recipe.evaluation().questions();
  if (wanted == 0) return absl::OkStatus();
  const absl::Time start = absl::Now();
  const std::vector<v1::Prompt> prompts = parts_.prompts->HeldoutPrompts(wanted);
  if (prompts.empty()) return absl::OkStatus();  // no accuracy is not an accuracy of 0; it was warned of
  Enter(v1::RUN_PHASE_EVALUATING, prompts.size());
  RETURN_IF_ERROR(parts_.store->BeginEvaluation(
      HeldoutPlan(parts_.recipe, parts_.prompts->prompt_template(), version_), prompts));
  while (true) {
    RETURN_IF_ERROR(Interrupted());
    absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForEvaluation(kPoll);
    Watch(parts_.progress->GetProgress().evaluation_done);
    Spend(metrics::Activity::kEvaluating);
    RETURN_IF_ERROR(KeepRanks());
    if (absl::IsDeadlineExceeded(groups.status())) continue;
    RETURN_IF_ERROR(groups.status());
    Evaluation evaluation = Score(version_, *groups);
    evaluation.seconds = SecondsSince(start);
    history_.evaluations.push_back(evaluation);
    parts_.metrics->Evaluated(evaluation.accuracy());
    parts_.status->Update([&](v1::RunState& state) {
      state.set_heldout_accuracy(evaluation.accuracy());
      state.set_heldout_questions(evaluation.questions);
      state.set_heldout_step(evaluation.step);
    });
    log::Info("evaluated",
              {{"step", version_}, {"accuracy", evaluation.accuracy()}, {"questions", evaluation.questions}});
    return reports_.Append(evaluation);
  }
}

absl::StatusOr<std::vector<v1::Group>> RunLoop::Collect() {
  Enter(v1::RUN_PHASE_COLLECTING, parts_.recipe.rollout().prompts());
  while (true) {
    RETURN_IF_ERROR(Interrupted());
    absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForRollout(version_, kPoll);
    Spend(metrics::Activity::kWaiting);
    if (!absl::IsDeadlineExceeded(groups.status())) return groups;
    Watch(parts_.progress->GetProgress().groups_accepted);
    RETURN_IF_ERROR(KeepRanks());
  }
}

absl::Status RunLoop::TrainOneRollout() {
  step_start_ = absl::Now();
  ASSIGN_OR_RETURN(const std::vector<v1::Group> groups, Collect());
  collect_seconds_ = SecondsSince(step_start_);

  parts_.metrics->Collected(groups, version_);
  Enter(v1::RUN_PHASE_TRAINING);
  const absl::Time train_start = absl::Now();
  const uint64_t rollout = version_;
  ASSIGN_OR_RETURN(const learner::UpdateStats stats, parts_.trainer->Update(groups, rollout, version_));
  train_seconds_ = SecondsSince(train_start);

  ++version_;
  ranks_heard_ = absl::Now();
  RETURN_IF_ERROR(parts_.store->MarkTrained(rollout, version_, stats.first_step, stats.last_step));
  Spend(metrics::Activity::kTraining);
  RETURN_IF_ERROR(Publish());
  // The rollout's record is written whatever becomes of its evaluation: when that is cut short by a stop, a checkpoint
  // follows, and the next start evaluates.
  const absl::Status evaluated = EvaluationDue() ? Evaluate() : absl::OkStatus();
  RETURN_IF_ERROR(Report(groups, stats));
  RETURN_IF_ERROR(evaluated);
  if (version_ % parts_.recipe.run().checkpoint_every() == 0) RETURN_IF_ERROR(Checkpoint());
  return absl::OkStatus();
}

absl::Status RunLoop::Report(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats) {
  run::StepReport report;
  report.step = version_;
  report.steps = parts_.recipe.run().steps();
  report.incarnation = incarnation_;
  report.weight_version = version_;
  report.optimizer_steps = parts_.trainer->optimizer_steps();
  report.skipped_steps = static_cast<uint64_t>(stats.skipped_steps);
  report.rollout = run::Summarize(groups, /*version=*/version_ - 1);
  if (parts_.recipe.reward().shuffle()) {  // of the rewards that were trained on
    report.rollout.zero_advantage_groups = static_cast<uint64_t>(stats.zero_advantage_groups);
  }
  report.loss = stats.loss;
  report.grad_norm = stats.grad_norm;
  report.clip_fraction = stats.clip_fraction;
  report.entropy = stats.entropy;
  report.kl = stats.kl_reference;
  report.old_kl = stats.kl_old;
  report.ratio_mean = stats.ratio_mean;
  report.ratio_max = stats.ratio_max;
  report.advantage_std = stats.advantage_std;
  report.logprob_gap_mean = stats.logprob_gap_mean;
  report.logprob_gap_max = stats.logprob_gap_max;
  report.learning_rate = stats.learning_rate;
  report.collect_seconds = collect_seconds_;
  report.train_seconds = train_seconds_;
  report.publish_seconds = publish_seconds_;
  report.seconds = Seconds();
  history_.tokens_generated += report.rollout.response_tokens;
  report.tokens_generated = history_.tokens_generated;
  report.tokens_per_second =
      static_cast<double>(report.rollout.response_tokens) / std::max(1e-9, SecondsSince(step_start_));
  if (!history_.evaluations.empty() && history_.evaluations.back().step == version_) {
    report.accuracy = history_.evaluations.back().accuracy();
  }
  if (report.rollout.truncated_share == 1) {
    parts_.status->Tell(absl::StrCat("rollout ", version_, ": every response was cut at ",
                                     parts_.recipe.rollout().max_response_tokens(),
                                     " tokens (rollout.max_response_tokens), so every reward is 0"));
  }
  history_.rewards.push_back(report.rollout.reward);
  parts_.metrics->Stepped(report);
  parts_.status->SetSamples(
      {groups.begin(), groups.begin() + static_cast<long>(std::min(kSamplesInMemory, groups.size()))});
  RETURN_IF_ERROR(reports_.Append(version_, version_ - 1, groups, stats.advantages, kSampleGroupsPerStep));
  return reports_.Append(report);
}

absl::Status RunLoop::Checkpoint() {
  if (has_checkpoint_ && checkpointed_ == version_) return absl::OkStatus();
  if (incarnation_ == 0)
    return absl::OkStatus();  // stopped before version 0: there is nothing to go on from yet
  const std::string path = parts_.folder.checkpoint(version_);
  parts_.beat(kSaving);
  learner::CheckpointMeta meta;
  meta.rollouts = version_;
  meta.version = version_;
  ASSIGN_OR_RETURN(const model::CompanionFiles files, model::ReadCompanionFiles(parts_.folder.model()));
  RETURN_IF_ERROR(learner::SaveCheckpoint(path, *parts_.trainer, meta, files, parts_.folder.files()));
  // The journal keeps what the oldest of them needs to be gone on from, should the newer ones be damaged.
  ASSIGN_OR_RETURN(const uint64_t oldest,
                   parts_.folder.PruneCheckpoints(parts_.recipe.run().keep_checkpoints()));
  RETURN_IF_ERROR(parts_.store->MarkCheckpoint(oldest, parts_.folder.checkpoint(oldest)));
  has_checkpoint_ = true;
  checkpointed_ = version_;
  parts_.metrics->Checkpointed();
  Spend(metrics::Activity::kCheckpointing);
  KeepClock();
  log::Info("checkpoint", {{"path", path}, {"version", version_}});
  return absl::OkStatus();
}

absl::Status RunLoop::Finish() {
  RETURN_IF_ERROR(Checkpoint());
  parts_.store->Finish();
  Enter(v1::RUN_PHASE_FINISHED);
  run::Summary summary;
  summary.recipe = parts_.recipe.name();
  summary.steps = version_;
  summary.optimizer_steps = parts_.trainer->optimizer_steps();
  if (!history_.evaluations.empty()) {
    const Evaluation &first = history_.evaluations.front(), &last = history_.evaluations.back();
    if (first.step == 0) {
      summary.accuracy_before = first.accuracy();
      summary.accuracy_before_interval = first.interval();
    }
    if (last.step == version_) {
      summary.accuracy_after = last.accuracy();
      summary.accuracy_after_interval = last.interval();
    }
    summary.heldout_questions = last.questions;
  }
  summary.reward_first = run::MeanOfFirst(history_.rewards);
  summary.reward_last = run::MeanOfLast(history_.rewards);
  summary.groups = parts_.progress->Counts();
  summary.tokens_generated = history_.tokens_generated;
  summary.weight_version = version_;
  RETURN_IF_ERROR(reports_.WriteCurve(parts_.recipe.name(), history_));
  summary.seconds = Seconds();
  return reports_.WriteSummary(summary);
}

}  // namespace drover::learner_process
