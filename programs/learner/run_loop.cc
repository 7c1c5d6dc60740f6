#include "programs/learner/run_loop.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/learner/run_figures.h"

namespace drover::learner_process {
namespace {

using Phase = RunLoopPhase;
using metrics::Activity;

constexpr absl::Duration kLoading = absl::Hours(1);  // of a large checkpoint from a slow disk
constexpr size_t kSamplesInMemory = 8;               // groups that RunService can show
constexpr size_t kSampleGroupsPerStep = 8;           // groups that samples.jsonl keeps of a step

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

}  // namespace

RunLoop::RunLoop(RunParts parts)
    : parts_(std::move(parts)), pulse_(parts_), guards_(parts_), evaluations_(parts_, history_) {
  step_.start = parts_.now();
}

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
  RETURN_IF_ERROR(evaluations_.Look(absl::ZeroDuration()));
  evaluations_.GiveUp(version_, "the run was stopped");
  parts_.store->StopLeasing();
  // One that has not begun has nothing to go on from.
  if (incarnation_ > 0) RETURN_IF_ERROR(Checkpoint());
  log::Info("stopped in order", {{"step", version_}});
  return RunEnd::kStopped;
}

absl::Status RunLoop::Begin() {
  parts_.status->Update([&](v1::RunState& state) { state.set_steps(parts_.recipe.run().steps()); });
  RETURN_IF_ERROR(Enter(Phase::kLoading));
  pulse_.Beat(kLoading);
  ResumePoint point;
  if (parts_.checkpoints->Any()) {
    ASSIGN_OR_RETURN(point, Load());
  } else {
    RETURN_IF_ERROR(NewRun());
  }
  RETURN_IF_ERROR(StartIncarnation(point));
  RETURN_IF_ERROR(parts_.reports->KeepRecipe(parts_.recipe));
  if (!saved_) RETURN_IF_ERROR(Checkpoint());
  RETURN_IF_ERROR(Publish());
  return Evaluate();
}

absl::StatusOr<ResumePoint> RunLoop::Load() {
  ASSIGN_OR_RETURN(ResumePoint point, parts_.checkpoints->Restore());
  version_ = point.version;
  saved_ = version_;
  ASSIGN_OR_RETURN(history_, parts_.reports->GoBackTo(version_));
  guards_.GoOnFrom(history_);
  pulse_.Add(history_.seconds);
  if (!history_.evaluations.empty()) evaluations_.Show();
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
  // A roll-back to here may have been cut off before the store heard of it.
  const auto& guarded = history_.guard_events;
  const bool rolled_back = !guarded.empty() && guarded.back().back_to == version_;
  RETURN_IF_ERROR(
      Annotate(rolled_back ? parts_.store->GoBack(version_) : parts_.store->StartIncarnation(version_),
               passed_over.empty() ? "the run cannot go on" : passed_over));
  if (!passed_over.empty()) {
    parts_.status->Tell(absl::StrCat(passed_over, "; the run goes on from ", point.place.path));
  }
  for (const DamagedCheckpoint& damaged : point.passed_over) {
    RETURN_IF_ERROR(parts_.checkpoints->SetAside(damaged.place.step));
  }
  for (const std::string& notice : history_.notices) parts_.status->Tell(notice);
  ShowIncarnation();
  return absl::OkStatus();
}

void RunLoop::ShowIncarnation() {
  incarnation_ = parts_.progress->GetProgress().incarnation;
  parts_.metrics->SetIncarnation(incarnation_);
  parts_.status->Update([&](v1::RunState& state) { state.set_incarnation(incarnation_); });
}

absl::Status RunLoop::TrainOneRollout() {
  step_.start = parts_.now();
  ASSIGN_OR_RETURN(const std::vector<v1::Group> groups, Collect());
  ASSIGN_OR_RETURN(const learner::UpdateStats stats, Train(groups));
  RETURN_IF_ERROR(Publish());
  // The rollout's record is written whatever becomes of its evaluation: when that is cut short by a stop, a checkpoint
  // follows, and the next start evaluates.
  const absl::Status evaluated = Evaluate();
  ASSIGN_OR_RETURN(const run::StepReport report, Report(groups, stats));
  RETURN_IF_ERROR(evaluated);
  const uint64_t trained = version_;
  RETURN_IF_ERROR(Guard(report));
  if (version_ != trained) return absl::OkStatus();  // the run went back, to a checkpoint
  RETURN_IF_ERROR(TakeCheckpoint(absl::ZeroDuration()));
  RETURN_IF_ERROR(evaluations_.Look(absl::ZeroDuration()));
  if (version_ % parts_.recipe.run().checkpoint_every() != 0) return absl::OkStatus();
  if (evaluations_.version().value_or(version_) < version_) RETURN_IF_ERROR(AwaitEvaluation());
  return BeginCheckpoint();
}

absl::StatusOr<std::vector<v1::Group>> RunLoop::Collect() {
  RETURN_IF_ERROR(Enter(Phase::kCollecting, parts_.recipe.rollout().prompts()));
  while (true) {
    RETURN_IF_ERROR(Interrupted());
    absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForRollout(version_, kPoll);
    Spend();
    if (absl::IsDeadlineExceeded(groups.status())) {
      RETURN_IF_ERROR(Watch(parts_.progress->GetProgress().groups_accepted));
      RETURN_IF_ERROR(TakeCheckpoint(absl::ZeroDuration()));
      RETURN_IF_ERROR(evaluations_.Look(absl::ZeroDuration()));
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
  ASSIGN_OR_RETURN(learner::UpdateStats stats,
                   parts_.trainer->Update(groups, rollout, version_, guards_.rate_scale()));
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

// An evaluation goes on beside training but where there is nothing to train, or the recipe says so.
absl::Status RunLoop::Evaluate() {
  if (evaluations_.Due(version_)) {
    RETURN_IF_ERROR(AwaitEvaluation());  // of a version before
    RETURN_IF_ERROR(evaluations_.Begin(version_));
  }
  const bool last = version_ == parts_.recipe.run().steps();
  return parts_.recipe.evaluation().wait() || last ? AwaitEvaluation() : absl::OkStatus();
}

absl::Status RunLoop::AwaitEvaluation() {
  for (uint64_t shown = 0; evaluations_.version().has_value();) {
    if (shown != evaluations_.questions()) {
      shown = evaluations_.questions();
      RETURN_IF_ERROR(Enter(Phase::kEvaluating, shown));
    }
    RETURN_IF_ERROR(Interrupted());
    RETURN_IF_ERROR(evaluations_.Look(kPoll));
    Spend();
    RETURN_IF_ERROR(Watch(parts_.progress->GetProgress().evaluation_done));
    RETURN_IF_ERROR(TakeCheckpoint(absl::ZeroDuration()));
  }
  return absl::OkStatus();
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
  if (!history_.evaluations.empty() && history_.evaluations.back().step == version_) {
    report.accuracy = history_.evaluations.back().accuracy();
  }
  return report;
}

absl::StatusOr<run::StepReport> RunLoop::Report(const std::vector<v1::Group>& groups,
                                                const learner::UpdateStats& stats) {
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
  RETURN_IF_ERROR(parts_.reports->Append(report));
  return report;
}

absl::Status RunLoop::Guard(const run::StepReport& report) {
  ASSIGN_OR_RETURN(std::optional<GuardCall> call, guards_.Watch(report));
  if (!call) return absl::OkStatus();
  log::Warning("guard", {{"what", call->text}, {"action", v1::GuardAction_Name(call->event.action)}});
  if (call->event.action == v1::ROLL_BACK) return RollBack(*std::move(call));
  if (call->event.action != v1::END_RUN) return absl::OkStatus();
  evaluations_.GiveUp(version_, "a guard ended the run");
  RETURN_IF_ERROR(Checkpoint());
  return absl::FailedPreconditionError(absl::StrCat(call->text, ": the run is ended by its recipe (guards.",
                                                    GuardName(call->event.kind), ")"));
}

// The checkpoints after the one that it goes back to are set aside first: whatever is cut off here, the next start goes on
// from there.
absl::Status RunLoop::RollBack(GuardCall call) {
  RETURN_IF_ERROR(AwaitCheckpoint());
  pulse_.Beat(kLoading);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, parts_.checkpoints->Steps());
  for (const uint64_t step : steps) {
    if (step > *call.event.back_to) RETURN_IF_ERROR(parts_.checkpoints->SetAside(step));
  }
  ASSIGN_OR_RETURN(const ResumePoint point, parts_.checkpoints->Restore());
  version_ = point.version;
  saved_ = version_;
  evaluations_.GiveUp(version_, "the run was rolled back");
  call.event.back_to = version_;
  RETURN_IF_ERROR(guards_.Record(call));
  ASSIGN_OR_RETURN(history_, parts_.reports->GoBackTo(version_));
  guards_.GoOnFrom(history_);
  RETURN_IF_ERROR(parts_.store->GoBack(version_));
  ShowIncarnation();
  pulse_.RanksHeard();
  RETURN_IF_ERROR(Publish());
  return Evaluate();
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
