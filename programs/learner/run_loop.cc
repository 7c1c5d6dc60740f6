#include "programs/learner/run_loop.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {
namespace {

using Phase = RunLoopPhase;
using metrics::Activity;

constexpr absl::Duration kPoll = absl::Milliseconds(200);  // how soon a stop is seen while waiting
constexpr absl::Duration kSaving = absl::Hours(1);         // of a large checkpoint on a slow disk
constexpr size_t kSamplesInMemory = 8;                     // groups that RunService can show
constexpr size_t kSampleGroupsPerStep = 8;                 // groups that samples.jsonl keeps of a step

// A row of the table in run_loop.h, for others to look at and for a stop.
struct PhaseRow {
  v1::RunPhase shown;                // UNSPECIFIED: the one before stays shown
  std::optional<Activity> activity;  // what its time is counted as; none: as that of what follows
  bool ends_on_stop = false;         // else a stop waits for its end
};

PhaseRow RowOf(Phase phase) {
  switch (phase) {
    case Phase::kLoading:
      return {v1::RUN_PHASE_UNSPECIFIED, Activity::kLoading};
    case Phase::kPretraining:
      return {v1::RUN_PHASE_PRETRAINING, Activity::kPretraining, /*ends_on_stop=*/true};
    case Phase::kPublishing:
      return {v1::RUN_PHASE_UNSPECIFIED, Activity::kPublishing};
    case Phase::kEvaluating:
      return {v1::RUN_PHASE_EVALUATING, Activity::kEvaluating, /*ends_on_stop=*/true};
    case Phase::kCollecting:
      return {v1::RUN_PHASE_COLLECTING, Activity::kWaiting, /*ends_on_stop=*/true};
    case Phase::kTraining:
      return {v1::RUN_PHASE_TRAINING, Activity::kTraining};
    case Phase::kReporting:
      return {v1::RUN_PHASE_UNSPECIFIED, std::nullopt};
    case Phase::kCheckpointing:
      return {v1::RUN_PHASE_UNSPECIFIED, Activity::kCheckpointing};
    case Phase::kFinishing:
      return {v1::RUN_PHASE_FINISHED, std::nullopt};
  }
  return {};
}

void AddStats(const learner::UpdateStats& stats, run::StepReport* report) {
  report->skipped_steps = static_cast<uint64_t>(stats.skipped_steps);
  report->loss = stats.loss;
  report->grad_norm = stats.grad_norm;
  report->clip_fraction = stats.clip_fraction;
  report->entropy = stats.entropy;
  report->kl = stats.kl_reference;
  report->old_kl = stats.kl_old;
  report->ratio_mean = stats.ratio_mean;
  report->ratio_max = stats.ratio_max;
  report->advantage_std = stats.advantage_std;
  report->logprob_gap_mean = stats.logprob_gap_mean;
  report->logprob_gap_max = stats.logprob_gap_max;
  report->learning_rate = stats.learning_rate;
}

// What the history says of a run of `steps` rollouts.
run::Summary SummaryOf(const History& history, uint64_t steps) {
  run::Summary summary;
  summary.steps = steps;
  summary.weight_version = steps;
  if (!history.evaluations.empty()) {
    const Evaluation &first = history.evaluations.front(), &last = history.evaluations.back();
    if (first.step == 0) {
      summary.accuracy_before = first.accuracy();
      summary.accuracy_before_interval = first.interval();
    }
    if (last.step == steps) {
      summary.accuracy_after = last.accuracy();
      summary.accuracy_after_interval = last.interval();
    }
    summary.heldout_questions = last.questions;
  }
  summary.reward_first = run::MeanOfFirst(history.rewards);
  summary.reward_last = run::MeanOfLast(history.rewards);
  summary.tokens_generated = history.tokens_generated;
  return summary;
}

}  // namespace

RunLoop::RunLoop(RunParts parts) : parts_(std::move(parts)), pulse_(parts_) { step_.start = parts_.now(); }

bool RunLoop::stopping() const { return parts_.stop() || parts_.status->stop_requested(); }

absl::Status RunLoop::Interrupted() const {
  return RowOf(phase_).ends_on_stop && stopping() ? absl::CancelledError("the run was asked to stop")
                                                  : absl::OkStatus();
}

absl::Status RunLoop::Enter(Phase phase, uint64_t total) {
  phase_ = phase;
  RETURN_IF_ERROR(Interrupted());
  const v1::RunPhase shown = RowOf(phase).shown;
  if (shown == v1::RUN_PHASE_UNSPECIFIED) return absl::OkStatus();
  parts_.status->Enter(shown, total);
  parts_.metrics->Entered(shown);
  return absl::OkStatus();
}

void RunLoop::Spend() {
  if (const auto activity = RowOf(phase_).activity) pulse_.Spend(*activity);
}

absl::Status RunLoop::Watch(uint64_t done) {
  const uint32_t actors = parts_.progress->GetProgress().actors;
  parts_.status->Update([&](v1::RunState& state) {
    state.set_phase_done(done);
    state.set_actors(actors);
  });
  return pulse_.KeepRanks();
}

absl::StatusOr<RunEnd> RunLoop::Run() {
  const absl::Status done = Phases();
  if (absl::IsCancelled(done) && stopping()) return Stop();
  RETURN_IF_ERROR(done);
  return RunEnd::kDone;
}

absl::Status RunLoop::Phases() {
  RETURN_IF_ERROR(Begin());
  while (version_ < parts_.recipe.run().steps()) RETURN_IF_ERROR(TrainOneRollout());
  return Finish();
}

absl::StatusOr<RunEnd> RunLoop::Stop() {
  parts_.readiness->Drain();
  parts_.store->StopLeasing();
  // One that has not begun has nothing to go on from.
  if (incarnation_ > 0) RETURN_IF_ERROR(Checkpoint());
  log::Info("stopped in order", {{"step", version_}});
  return RunEnd::kStopped;
}

absl::Status RunLoop::Begin() {
  parts_.status->Update([&](v1::RunState& state) { state.set_steps(parts_.recipe.run().steps()); });
  RETURN_IF_ERROR(Enter(Phase::kLoading));
  pulse_.Beat(kSaving);
  ResumePoint point;
  if (parts_.checkpoints->Any()) {
    ASSIGN_OR_RETURN(point, Load());
  } else {
    RETURN_IF_ERROR(NewRun());
  }
  RETURN_IF_ERROR(StartIncarnation(point));
  if (!has_checkpoint_) RETURN_IF_ERROR(Checkpoint());
  RETURN_IF_ERROR(Publish());
  return Evaluate();
}

absl::StatusOr<ResumePoint> RunLoop::Load() {
  ASSIGN_OR_RETURN(ResumePoint point, parts_.checkpoints->Restore());
  version_ = point.version;
  checkpointed_ = version_;
  has_checkpoint_ = true;
  ASSIGN_OR_RETURN(history_, parts_.reports->GoBackTo(version_));
  pulse_.Add(history_.seconds);
  if (!history_.evaluations.empty()) ShowEvaluation();
  log::Info("resumed", {{"checkpoint", point.place.path}, {"version", version_}});
  Spend();
  parts_.readiness->Set(absl::OkStatus());
  return point;
}

absl::Status RunLoop::NewRun() {
  ASSIGN_OR_RETURN(history_, parts_.reports->GoBackTo(0));
  pulse_.Add(history_.seconds);
  parts_.readiness->Set(absl::OkStatus());
  if (parts_.recipe.pretrain().batches() > 0) RETURN_IF_ERROR(Pretrain());
  return parts_.trainer->BeginReinforcement();
}

absl::Status RunLoop::Pretrain() {
  RETURN_IF_ERROR(Enter(Phase::kPretraining, parts_.recipe.pretrain().batches()));
  return parts_.trainer->Pretrain([&](uint64_t done, double loss) {
    Spend();
    parts_.status->SetProgress(done);
    parts_.status->Update([&](v1::RunState& state) { state.set_pretrain_loss(loss); });
    return Interrupted();
  });
}

// The damaged checkpoints that were passed over are told of and set aside only now: when the journal cannot go on from
// the older one, they stay where a person finds them.
absl::Status RunLoop::StartIncarnation(const ResumePoint& point) {
  const std::string passed_over = PassedOverText(point.passed_over);
  RETURN_IF_ERROR(Annotate(parts_.store->StartIncarnation(version_),
                           passed_over.empty() ? "the run cannot go on" : passed_over));
  if (!passed_over.empty()) {
    parts_.status->Tell(absl::StrCat(passed_over, "; the run goes on from ", point.place.path));
  }
  for (const DamagedCheckpoint& damaged : point.passed_over) {
    RETURN_IF_ERROR(parts_.checkpoints->SetAside(damaged.place.step));
  }
  for (const std::string& notice : history_.notices) parts_.status->Tell(notice);
  incarnation_ = parts_.progress->GetProgress().incarnation;
  parts_.metrics->SetIncarnation(incarnation_);
  parts_.status->Update([&](v1::RunState& state) { state.set_incarnation(incarnation_); });
  return absl::OkStatus();
}

absl::Status RunLoop::TrainOneRollout() {
  step_.start = parts_.now();
  ASSIGN_OR_RETURN(const std::vector<v1::Group> groups, Collect());
  ASSIGN_OR_RETURN(const learner::UpdateStats stats, Train(groups));
  RETURN_IF_ERROR(Publish());
  // The rollout's record is written whatever becomes of its evaluation: when that is cut short by a stop, a checkpoint
  // follows, and the next start evaluates.
  const absl::Status evaluated = Evaluate();
  RETURN_IF_ERROR(Report(groups, stats));
  RETURN_IF_ERROR(evaluated);
  if (version_ % parts_.recipe.run().checkpoint_every() == 0) RETURN_IF_ERROR(Checkpoint());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Group>> RunLoop::Collect() {
  RETURN_IF_ERROR(Enter(Phase::kCollecting, parts_.recipe.rollout().prompts()));
  while (true) {
    RETURN_IF_ERROR(Interrupted());
    absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForRollout(version_, kPoll);
    Spend();
    if (absl::IsDeadlineExceeded(groups.status())) {
      RETURN_IF_ERROR(Watch(parts_.progress->GetProgress().groups_accepted));
      continue;
    }
    step_.collect = pulse_.Since(step_.start);
    return groups;
  }
}

absl::StatusOr<learner::UpdateStats> RunLoop::Train(const std::vector<v1::Group>& groups) {
  parts_.metrics->Collected(groups, version_);
  RETURN_IF_ERROR(Enter(Phase::kTraining));
  const absl::Time start = parts_.now();
  const uint64_t rollout = version_;
  ASSIGN_OR_RETURN(learner::UpdateStats stats, parts_.trainer->Update(groups, rollout, version_));
  step_.train = pulse_.Since(start);
  ++version_;
  pulse_.RanksHeard();
  RETURN_IF_ERROR(parts_.store->MarkTrained(rollout, version_, stats.first_step, stats.last_step));
  Spend();
  return stats;
}

absl::Status RunLoop::Publish() {
  RETURN_IF_ERROR(Enter(Phase::kPublishing));
  const absl::Time start = parts_.now();
  RETURN_IF_ERROR(parts_.publish({incarnation_, version_}));
  RETURN_IF_ERROR(parts_.store->Publish(version_));
  step_.publish = pulse_.Since(start);
  parts_.metrics->Published(version_, step_.publish);
  Spend();
  parts_.status->Update([&](v1::RunState& state) {
    state.set_weight_version(version_);
    state.set_step(version_);
  });
  return absl::OkStatus();
}

bool RunLoop::EvaluationDue(uint32_t every) const {
  return version_ == parts_.recipe.run().steps() || (every > 0 && version_ % every == 0);
}

bool RunLoop::EvaluatedNow() const {
  return !history_.evaluations.empty() && history_.evaluations.back().step == version_;
}

// An evaluation is owed, too, by a run that has none yet, and where the stop of an earlier start cut one short.
absl::Status RunLoop::Evaluate() {
  const v1::EvaluationSettings& settings = parts_.recipe.evaluation();
  const bool heldout = history_.evaluations.empty() || (EvaluationDue(settings.every()) && !EvaluatedNow());
  if (heldout && !parts_.heldout.prompts.empty()) RETURN_IF_ERROR(EvaluateHeldout());
  const auto& newest = history_.benchmarks_step;
  const bool suite = !newest || (EvaluationDue(settings.suite().every()) && *newest != version_);
  return suite && !parts_.suite.prompts.empty() ? EvaluateSuite() : absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Group>> RunLoop::Ask(experience::EvaluationPlan plan,
                                                    const std::vector<v1::Prompt>& prompts) {
  RETURN_IF_ERROR(Enter(Phase::kEvaluating, prompts.size()));
  RETURN_IF_ERROR(parts_.store->BeginEvaluation(std::move(plan), prompts));
  while (true) {
    RETURN_IF_ERROR(Interrupted());
    absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForEvaluation(kPoll);
    Spend();
    RETURN_IF_ERROR(Watch(parts_.progress->GetProgress().evaluation_done));
    if (!absl::IsDeadlineExceeded(groups.status())) return groups;
  }
}

absl::Status RunLoop::EvaluateHeldout() {
  const absl::Time start = parts_.now();
  ASSIGN_OR_RETURN(const auto groups, Ask(parts_.heldout.plan(version_), parts_.heldout.prompts));
  Evaluation evaluation = Score(version_, groups);
  evaluation.seconds = pulse_.Since(start);
  history_.evaluations.push_back(evaluation);
  parts_.metrics->Evaluated(evaluation.accuracy());
  ShowEvaluation();
  log::Info("evaluated",
            {{"step", version_}, {"accuracy", evaluation.accuracy()}, {"questions", evaluation.questions}});
  return parts_.reports->Append(evaluation);
}

absl::Status RunLoop::EvaluateSuite() {
  const absl::Time start = parts_.now();
  ASSIGN_OR_RETURN(const auto groups, Ask(parts_.suite.plan(version_), parts_.suite.prompts));
  const nlohmann::ordered_json results = parts_.suite.results(groups);
  RETURN_IF_ERROR(parts_.reports->AppendBenchmarks(version_, pulse_.Since(start), results));
  history_.benchmarks_step = version_;
  log::Info("benchmarks evaluated", {{"step", version_}, {"questions", groups.size()}});
  return absl::OkStatus();
}

void RunLoop::ShowEvaluation() {
  const Evaluation& newest = history_.evaluations.back();
  parts_.status->Update([&](v1::RunState& state) {
    state.set_heldout_accuracy(newest.accuracy());
    state.set_heldout_questions(newest.questions);
    state.set_heldout_step(newest.step);
  });
}

run::StepReport RunLoop::StepReport(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats) {
  run::StepReport report;
  AddStats(stats, &report);
  report.step = version_;
  report.steps = parts_.recipe.run().steps();
  report.incarnation = incarnation_;
  report.weight_version = version_;
  report.optimizer_steps = parts_.trainer->optimizer_steps();
  report.rollout = run::Summarize(groups, /*version=*/version_ - 1);
  if (parts_.recipe.reward().shuffle()) {  // of the rewards that were trained on
    report.rollout.zero_advantage_groups = static_cast<uint64_t>(stats.zero_advantage_groups);
  }
  report.collect_seconds = step_.collect;
  report.train_seconds = step_.train;
  report.publish_seconds = step_.publish;
  report.seconds = pulse_.Seconds();
  report.tokens_generated = history_.tokens_generated + report.rollout.response_tokens;
  report.tokens_per_second =
      static_cast<double>(report.rollout.response_tokens) / std::max(1e-9, pulse_.Since(step_.start));
  if (EvaluatedNow()) report.accuracy = history_.evaluations.back().accuracy();
  return report;
}

absl::Status RunLoop::Report(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats) {
  RETURN_IF_ERROR(Enter(Phase::kReporting));
  const run::StepReport report = StepReport(groups, stats);
  history_.tokens_generated = report.tokens_generated;
  history_.rewards.push_back(report.rollout.reward);
  if (report.rollout.truncated_share == 1) {
    parts_.status->Tell(absl::StrCat("rollout ", version_, ": every response was cut at ",
                                     parts_.recipe.rollout().max_response_tokens(),
                                     " tokens (rollout.max_response_tokens), so every reward is 0"));
  }
  parts_.metrics->Stepped(report);
  const auto free_bytes = parts_.reports->FreeBytes();
  if (free_bytes.ok()) parts_.metrics->SetDiskFree(*free_bytes);
  parts_.status->SetSamples(
      {groups.begin(), groups.begin() + static_cast<long>(std::min(kSamplesInMemory, groups.size()))});
  RETURN_IF_ERROR(
      parts_.reports->Append(version_, version_ - 1, groups, stats.advantages, kSampleGroupsPerStep));
  return parts_.reports->Append(report);
}

absl::Status RunLoop::Checkpoint() {
  if (has_checkpoint_ && checkpointed_ == version_) return absl::OkStatus();
  RETURN_IF_ERROR(Enter(Phase::kCheckpointing));
  pulse_.Beat(kSaving);
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> kept, parts_.checkpoints->Save(version_));
  // The journal keeps what the oldest of them needs to be gone on from, should the newer ones be damaged.
  RETURN_IF_ERROR(parts_.store->MarkCheckpoint(kept.front().step, kept.front().path));
  has_checkpoint_ = true;
  checkpointed_ = version_;
  parts_.metrics->Checkpointed();
  Spend();
  pulse_.KeepClock();
  log::Info("checkpoint", {{"path", kept.back().path}, {"version", version_}});
  return absl::OkStatus();
}

absl::Status RunLoop::Finish() {
  RETURN_IF_ERROR(Checkpoint());
  parts_.store->Finish();
  RETURN_IF_ERROR(Enter(Phase::kFinishing));
  RETURN_IF_ERROR(parts_.reports->WriteCurve(parts_.recipe.name(), history_));
  run::Summary summary = SummaryOf(history_, version_);
  summary.recipe = parts_.recipe.name();
  summary.optimizer_steps = parts_.trainer->optimizer_steps();
  summary.groups = parts_.progress->Counts();
  summary.seconds = pulse_.Seconds();
  return parts_.reports->WriteSummary(summary);
}

}  // namespace drover::learner_process
