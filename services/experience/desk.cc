// The training loop's requests, what drives the desk, and pictures; desk_leases.cc and desk_submissions.cc have the actors'.
#include "services/experience/desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/token.h"

namespace drover::experience {
namespace {

DeskOptions WithToken(DeskOptions options) {
  if (!options.token) options.token = UnguessableToken;
  return options;
}

LedgerOptions ForLedger(const DeskOptions& options) {
  return {options.prompts_per_rollout, options.staleness_bound, options.steps};
}

}  // namespace

Desk::Desk(DeskOptions options) : options_(WithToken(std::move(options))), ledger_(ForLedger(options_)) {}

DeskOutput Desk::Take() { return std::exchange(output_, DeskOutput()); }

absl::Status Desk::Emit(v1::JournalEvent event) {
  RETURN_IF_ERROR(ledger_.Apply(event));
  output_.events.push_back(std::move(event));
  return absl::OkStatus();
}

void Desk::EmitLegal(v1::JournalEvent event) {
  if (const absl::Status emitted = Emit(std::move(event)); !emitted.ok()) Fail(emitted);
}

void Desk::Fail(const absl::Status& reason) {
  if (!health_.ok()) return;
  health_ = Annotate(reason, "the experience store stopped");
  output_.notes.push_back(
      {log::Level::kError, "the experience store stopped", {{"reason", std::string(reason.message())}}});
}

void Desk::AnswerLease(uint64_t ticket, After after, absl::StatusOr<v1::LeaseGroupsResponse> reply) {
  output_.answers.push_back({ticket, after, std::move(reply)});
}

void Desk::AnswerSubmission(uint64_t ticket, After after, absl::StatusOr<v1::SubmitGroupResponse> reply) {
  output_.answers.push_back({ticket, after, std::move(reply)});
}

void Desk::AnswerReturn(uint64_t ticket, After after, absl::Status reply) {
  output_.answers.push_back({ticket, after, std::move(reply)});
}

absl::Status Desk::CheckStarted() const {
  RETURN_IF_ERROR(health_);
  if (started_) return absl::OkStatus();
  return absl::FailedPreconditionError("experience store: StartIncarnation comes first");
}

absl::Status Desk::Available() const {
  if (!health_.ok()) return absl::UnavailableError(health_.message());
  if (closed_) return absl::UnavailableError("the learner is stopping");
  return absl::OkStatus();
}

absl::Status Desk::StartIncarnation(uint64_t version, absl::Duration now) {
  RETURN_IF_ERROR(health_);
  v1::JournalEvent event;
  event.mutable_incarnation_started()->set_incarnation(ledger_.incarnation() + 1);
  event.mutable_incarnation_started()->set_version(version);
  RETURN_IF_ERROR(Emit(std::move(event)));
  for (uint64_t lease : ledger_.AcceptedOverBound()) {
    RETURN_IF_ERROR(Drop(lease, v1::LEASE_OUTCOME_STALE,
                         "older than staleness.bound allows since the run was resumed with a lower one"));
  }
  output_.sync = true;
  started_ = true;
  published_.reset();
  evaluated_.reset();
  held_.Clear();
  evaluation_.GiveUp();
  failures_.Clear();
  ended_before_step_ = Ended();
  output_.notes.push_back({log::Level::kInfo,
                           "incarnation started",
                           {{"incarnation", ledger_.incarnation()}, {"version", version}}});
  ServeWaiters(now);
  return absl::OkStatus();
}

absl::Status Desk::GoBack(uint64_t version, absl::Duration now) {
  RETURN_IF_ERROR(StartIncarnation(version, now));
  for (uint64_t lease : ledger_.AcceptedAfter(version)) {
    RETURN_IF_ERROR(Drop(lease, v1::LEASE_OUTCOME_FAILED, "sampled from weights that were rolled back"));
  }
  return absl::OkStatus();
}

absl::Status Desk::Publish(uint64_t version, absl::Duration now) {
  RETURN_IF_ERROR(CheckStarted());
  if (version != ledger_.version()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot publish version ", version, ": the trained version is ", ledger_.version()));
  }
  published_ = version;
  ServeWaiters(now);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredGroup>> Desk::Rollout(uint64_t rollout) const {
  RETURN_IF_ERROR(CheckStarted());
  if (rollout != ledger_.version()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot wait for rollout ", rollout, ": the next is ", ledger_.version()));
  }
  if (ledger_.Ready()) return ledger_.AcceptedGroups();
  return absl::DeadlineExceededError(absl::StrCat("rollout ", rollout, " has ", ledger_.AcceptedCount(),
                                                  " of ", options_.prompts_per_rollout, " groups"));
}

absl::Status Desk::LeaseAgain(const std::vector<UnfitGroup>& unfit, absl::Duration now) {
  for (const UnfitGroup& each : unfit) {
    RETURN_IF_ERROR(Drop(each.lease, v1::LEASE_OUTCOME_FAILED, each.reason));
    CountFailure(each.group, each.reason, now);
  }
  output_.sync = true;
  ServeWaiters(now);
  return absl::OkStatus();
}

absl::Status Desk::Drop(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason) {
  output_.notes.push_back({log::Level::kError,
                           "an accepted group is not trained; it is leased again",
                           {{"lease", lease}, {"outcome", OutcomeName(outcome)}, {"reason", reason}}});
  v1::JournalEvent event;
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(outcome);
  event.mutable_lease_closed()->set_reason(reason);
  return Emit(std::move(event));
}

absl::Status Desk::MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                               uint64_t last_optimizer_step, absl::Duration now) {
  RETURN_IF_ERROR(CheckStarted());
  v1::JournalEvent event;
  v1::RolloutTrained* trained = event.mutable_rollout_trained();
  trained->set_rollout(rollout);
  trained->set_version(version);
  trained->set_first_optimizer_step(first_optimizer_step);
  trained->set_last_optimizer_step(last_optimizer_step);
  const std::vector<StoredGroup> groups = ledger_.AcceptedGroups();
  for (const StoredGroup& group : groups) trained->add_leases(group.lease);
  RETURN_IF_ERROR(Emit(std::move(event)));
  for (const StoredGroup& group : groups) failures_.Forget(group.group);
  output_.sync = true;
  ended_before_step_ = Ended();
  ServeWaiters(now);
  return absl::OkStatus();
}

absl::Status Desk::MarkCheckpoint(uint64_t version, const std::string& path) {
  RETURN_IF_ERROR(CheckStarted());
  v1::JournalEvent event;
  event.mutable_checkpoint_durable()->set_version(std::max(version, ledger_.durable_version().value_or(0)));
  event.mutable_checkpoint_durable()->set_path(path);
  RETURN_IF_ERROR(Emit(std::move(event)));
  output_.sync = true;
  return absl::OkStatus();
}

absl::Status Desk::BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts, absl::Duration now) {
  RETURN_IF_ERROR(CheckStarted());
  if (published_ != plan.version && evaluated_ != plan.version) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot evaluate version ", plan.version, ": it is not the published one"));
  }
  evaluated_ = plan.version;
  for (uint64_t i = 0; i < evaluation_.total(); ++i) failures_.Forget(kFirstEvaluationId + i);
  evaluation_.Begin(std::move(plan), std::move(prompts));
  ServeWaiters(now);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Group>> Desk::TakeEvaluation() {
  RETURN_IF_ERROR(CheckStarted());
  if (!evaluation_.active()) return absl::FailedPreconditionError("no evaluation is in progress");
  if (evaluation_.Complete()) return evaluation_.Take();
  return absl::DeadlineExceededError(
      absl::StrCat("the evaluation has ", evaluation_.done(), " of ", evaluation_.total(), " groups"));
}

void Desk::Finish(absl::Duration now) {
  finished_ = true;
  ServeWaiters(now);
}

void Desk::StopLeasing(absl::Duration now) {
  no_more_leases_ = true;
  ServeWaiters(now);
}

void Desk::Tick(absl::Duration now) {
  if (health_.ok() && !closed_) {
    for (uint64_t lease : held_.Expired(now)) {
      CloseHeld(lease, v1::LEASE_OUTCOME_EXPIRED, "its deadline passed", now);
    }
  }
  ServeWaiters(now);
  EndWaits(now);
}

void Desk::DiskFailed(const absl::Status& reason, absl::Duration now) {
  Fail(reason);
  for (const auto& [lease, storing] : std::exchange(storing_, {})) {
    const absl::Status lost = Available();
    AnswerSubmission(storing.ticket, After::kNothing, lost);
    for (uint64_t twin : storing.twins) AnswerSubmission(twin, After::kNothing, lost);
  }
  storing_bytes_ = 0;
  ServeWaiters(now);
}

void Desk::Close(absl::Duration now) {
  closed_ = true;
  ServeWaiters(now);
}

v1::LeaseCounts Desk::Ended() const {
  const v1::LeaseCounts training = ledger_.Counts();
  const v1::LeaseCounts& evaluation = evaluation_.counts();
  v1::LeaseCounts ended;
  ended.set_filtered(training.filtered());
  ended.set_expired(training.expired() + evaluation.expired());
  ended.set_stale(training.stale() + evaluation.stale());
  ended.set_failed(training.failed() + evaluation.failed());
  return ended;
}

v1::LeaseCounts Desk::EndedSinceStep() const {
  v1::LeaseCounts ended = Ended();
  ended.set_filtered(ended.filtered() - ended_before_step_.filtered());
  ended.set_expired(ended.expired() - ended_before_step_.expired());
  ended.set_stale(ended.stale() - ended_before_step_.stale());
  ended.set_failed(ended.failed() - ended_before_step_.failed());
  ended.set_leased(ended.filtered() + ended.expired() + ended.stale() + ended.failed());
  return ended;
}

Progress Desk::GetProgress(absl::Duration now) const {
  Progress progress;
  progress.incarnation = ledger_.incarnation();
  progress.groups_accepted = ledger_.AcceptedCount();
  progress.groups_needed = options_.prompts_per_rollout;
  progress.leases_held = held_.size();
  progress.evaluation_done = evaluation_.done();
  progress.evaluation_total = evaluation_.active() ? evaluation_.total() : 0;
  progress.actors = actors_.CountAt(now);
  progress.waiting_calls = waiters_.size();
  progress.queued_groups = storing_.size();
  progress.queued_bytes = storing_bytes_;
  return progress;
}

}  // namespace drover::experience
