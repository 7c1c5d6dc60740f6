#include "services/experience/store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "services/experience/store_impl.h"

namespace drover::experience {
namespace {

absl::Duration SteadyClock() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

StoreOptions WithClock(StoreOptions options) {
  if (!options.clock) options.clock = SteadyClock;
  return options;
}

LedgerOptions ForLedger(const StoreOptions& options) {
  return {options.prompts_per_rollout, options.staleness_bound, options.steps};
}

// Whether a stored group that cannot be had is lost for good: its bytes, its file, or what it holds is wrong.
bool Unfit(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status) || absl::IsInvalidArgument(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExperienceStore>> ExperienceStore::Open(StoreOptions options) {
  RETURN_IF_ERROR(options.Validate());
  auto store = std::make_unique<ExperienceStoreImpl>(std::move(options));
  RETURN_IF_ERROR(store->Start());
  return store;
}

ExperienceStoreImpl::ExperienceStoreImpl(StoreOptions options)
    : options_(WithClock(std::move(options))), ledger_(ForLedger(options_)) {}

ExperienceStoreImpl::~ExperienceStoreImpl() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  if (keeper_.joinable()) keeper_.join();
}

absl::Status ExperienceStoreImpl::Start() {
  absl::MutexLock lock(&mu_);
  Ledger* const ledger = &ledger_;
  ASSIGN_OR_RETURN(journal_,
                   Journal::Open(
                       JournalFolder(options_.run_folder),
                       [ledger](const auto& event) { return ledger->Apply(event); }, options_.files));
  journal_->SkipSegments(ledger_.last_segment());
  keeper_ = std::thread([this] { Keep(); });
  return absl::OkStatus();
}

absl::Status ExperienceStoreImpl::Emit(v1::JournalEvent event) {
  std::vector<v1::JournalEvent> events;
  events.push_back(std::move(event));
  return Emit(std::move(events));
}

absl::Status ExperienceStoreImpl::Emit(std::vector<v1::JournalEvent> events) {
  absl::Status applied;
  size_t legal = 0;
  for (; legal < events.size(); ++legal) {
    events[legal].set_unix_micros(absl::ToUnixMicros(absl::Now()));
    applied = ledger_.Apply(events[legal]);
    if (!applied.ok()) break;
  }
  events.resize(legal);
  if (const absl::Status written = journal_->Append(events); !written.ok()) {
    Fail(written);
    return health_;
  }
  wake_ = true;
  return applied;
}

absl::Status ExperienceStoreImpl::Sync() {
  const absl::Status synced = journal_->SyncEvents();
  if (synced.ok()) return synced;
  absl::MutexLock lock(&mu_);
  Fail(synced);
  return health_;
}

void ExperienceStoreImpl::Fail(const absl::Status& reason) {
  if (!health_.ok()) return;
  health_ = Annotate(reason, "the experience store stopped");
  wake_ = true;
  log::Error("the experience store stopped", {{"reason", std::string(reason.message())}});
}

absl::Status ExperienceStoreImpl::CheckStarted() const {
  RETURN_IF_ERROR(health_);
  if (started_) return absl::OkStatus();
  return absl::FailedPreconditionError("experience store: StartIncarnation comes first");
}

absl::Status ExperienceStoreImpl::StartIncarnation(uint64_t version) {
  absl::MutexLock commit(&commit_mu_);
  {
    absl::MutexLock lock(&mu_);
    RETURN_IF_ERROR(health_);
    v1::JournalEvent event;
    event.mutable_incarnation_started()->set_incarnation(ledger_.incarnation() + 1);
    event.mutable_incarnation_started()->set_version(version);
    RETURN_IF_ERROR(Emit(std::move(event)));
    for (uint64_t lease : ledger_.AcceptedOverBound()) {
      RETURN_IF_ERROR(Drop(lease, v1::LEASE_OUTCOME_STALE,
                           "older than staleness.bound allows since the run was resumed with a lower one"));
    }
    started_ = true;
    published_.reset();
    held_.Clear();
    retries_.clear();
    ended_before_step_ = Ended();
    log::Info("incarnation started", {{"incarnation", ledger_.incarnation()}, {"version", version}});
  }
  return Sync();
}

absl::Status ExperienceStoreImpl::Publish(uint64_t version) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(CheckStarted());
  if (version != ledger_.version()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot publish version ", version, ": the trained version is ", ledger_.version()));
  }
  published_ = version;
  wake_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Group>> ExperienceStoreImpl::WaitForRollout(uint64_t rollout,
                                                                           absl::Duration timeout) {
  std::vector<StoredGroup> stored;
  {
    absl::MutexLock lock(&mu_);
    RETURN_IF_ERROR(CheckStarted());
    if (rollout != ledger_.version()) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot wait for rollout ", rollout, ": the next is ", ledger_.version()));
    }
    const bool decided =
        mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStoreImpl::RolloutDecided), timeout);
    RETURN_IF_ERROR(health_);
    if (!decided) {
      return absl::DeadlineExceededError(absl::StrCat("rollout ", rollout, " has ", ledger_.AcceptedCount(),
                                                      " of ", options_.prompts_per_rollout, " groups"));
    }
    stored = ledger_.AcceptedGroups();
  }
  std::vector<v1::Group> groups;
  groups.reserve(stored.size());
  std::vector<UnfitGroup> unfit;
  for (const StoredGroup& group : stored) {
    absl::StatusOr<v1::Group> loaded = LoadGroup(group);
    if (loaded.ok()) {
      groups.push_back(*std::move(loaded));
    } else if (Unfit(loaded.status())) {
      unfit.push_back({group.lease, group.group, std::string(loaded.status().message())});
    } else {
      return loaded.status();
    }
  }
  if (unfit.empty()) return groups;
  RETURN_IF_ERROR(LeaseAgain(unfit));
  return absl::DeadlineExceededError(
      absl::StrCat("rollout ", rollout, ": ", unfit.size(), " stored groups are leased again"));
}

absl::Status ExperienceStoreImpl::LeaseAgain(const std::vector<UnfitGroup>& unfit) {
  {
    absl::MutexLock lock(&mu_);
    for (const UnfitGroup& each : unfit) {
      RETURN_IF_ERROR(Drop(each.lease, v1::LEASE_OUTCOME_FAILED, each.reason));
      CountFailure(each.group, each.reason);
    }
  }
  return Sync();
}

absl::Status ExperienceStoreImpl::Drop(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason) {
  log::Error("an accepted group is not trained; it is leased again",
             {{"lease", lease}, {"outcome", OutcomeName(outcome)}, {"reason", reason}});
  v1::JournalEvent event;
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(outcome);
  event.mutable_lease_closed()->set_reason(reason);
  return Emit(std::move(event));
}

absl::StatusOr<v1::Group> ExperienceStoreImpl::LoadGroup(const StoredGroup& stored) const {
  ASSIGN_OR_RETURN(v1::Group group,
                   ReadStoredGroup(JournalFolder(options_.run_folder), stored, options_.files));
  RETURN_IF_ERROR(group::CheckGroup(group, options_.group_limits));
  return group;
}

absl::Status ExperienceStoreImpl::MarkTrained(uint64_t rollout, uint64_t version,
                                              uint64_t first_optimizer_step, uint64_t last_optimizer_step) {
  {
    absl::MutexLock lock(&mu_);
    RETURN_IF_ERROR(CheckStarted());
    v1::JournalEvent event;
    v1::RolloutTrained* trained = event.mutable_rollout_trained();
    trained->set_rollout(rollout);
    trained->set_version(version);
    trained->set_first_optimizer_step(first_optimizer_step);
    trained->set_last_optimizer_step(last_optimizer_step);
    for (const StoredGroup& group : ledger_.AcceptedGroups()) {
      trained->add_leases(group.lease);
      retries_.erase(group.group);
    }
    RETURN_IF_ERROR(Emit(std::move(event)));
    ended_before_step_ = Ended();
  }
  return Sync();
}

absl::Status ExperienceStoreImpl::MarkCheckpoint(uint64_t version, const std::string& path) {
  absl::MutexLock commit(&commit_mu_);
  std::optional<uint32_t> first_needed;
  {
    absl::MutexLock lock(&mu_);
    RETURN_IF_ERROR(CheckStarted());
    v1::JournalEvent event;
    event.mutable_checkpoint_durable()->set_version(std::max(version, ledger_.durable_version().value_or(0)));
    event.mutable_checkpoint_durable()->set_path(path);
    RETURN_IF_ERROR(Emit(std::move(event)));
    first_needed = ledger_.FirstNeededSegment();
  }
  RETURN_IF_ERROR(Sync());
  journal_->BeginSegment();
  const absl::Status deleted = journal_->DeleteSegments(first_needed);
  // Space that stays taken is no reason to stop: the next checkpoint tries again.
  if (!deleted.ok()) log::Warning("old journal segments stay", {{"reason", std::string(deleted.message())}});
  return absl::OkStatus();
}

absl::Status ExperienceStoreImpl::BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(CheckStarted());
  if (published_ != plan.version) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot evaluate version ", plan.version, ": it is not the published one"));
  }
  for (uint64_t i = 0; i < evaluation_.total(); ++i) retries_.erase(kFirstEvaluationId + i);
  evaluation_.Begin(std::move(plan), std::move(prompts));
  wake_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Group>> ExperienceStoreImpl::WaitForEvaluation(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(CheckStarted());
  if (!evaluation_.active()) return absl::FailedPreconditionError("no evaluation is in progress");
  const bool decided =
      mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStoreImpl::EvaluationDecided), timeout);
  RETURN_IF_ERROR(health_);
  if (!decided) {
    return absl::DeadlineExceededError(
        absl::StrCat("the evaluation has ", evaluation_.done(), " of ", evaluation_.total(), " groups"));
  }
  return evaluation_.Take();
}

void ExperienceStoreImpl::Finish() {
  absl::MutexLock lock(&mu_);
  finished_ = true;
  wake_ = true;
}

void ExperienceStoreImpl::StopLeasing() {
  absl::MutexLock lock(&mu_);
  no_more_leases_ = true;
  wake_ = true;
}

v1::LeaseCounts ExperienceStoreImpl::Counts() const {
  absl::MutexLock lock(&mu_);
  return ledger_.Counts();
}

v1::LeaseCounts ExperienceStoreImpl::EvaluationCounts() const {
  absl::MutexLock lock(&mu_);
  return evaluation_.counts();
}

v1::LeaseCounts ExperienceStoreImpl::Ended() const {
  const v1::LeaseCounts training = ledger_.Counts();
  const v1::LeaseCounts& evaluation = evaluation_.counts();
  v1::LeaseCounts ended;
  ended.set_filtered(training.filtered());
  ended.set_expired(training.expired() + evaluation.expired());
  ended.set_stale(training.stale() + evaluation.stale());
  ended.set_failed(training.failed() + evaluation.failed());
  return ended;
}

v1::LeaseCounts ExperienceStoreImpl::EndedSinceStep() const {
  absl::MutexLock lock(&mu_);
  v1::LeaseCounts ended = Ended();
  ended.set_filtered(ended.filtered() - ended_before_step_.filtered());
  ended.set_expired(ended.expired() - ended_before_step_.expired());
  ended.set_stale(ended.stale() - ended_before_step_.stale());
  ended.set_failed(ended.failed() - ended_before_step_.failed());
  ended.set_leased(ended.filtered() + ended.expired() + ended.stale() + ended.failed());
  return ended;
}

Progress ExperienceStoreImpl::GetProgress() const {
  absl::MutexLock lock(&mu_);
  Progress progress;
  progress.incarnation = ledger_.incarnation();
  progress.trained_version = ledger_.version();
  progress.groups_accepted = ledger_.AcceptedCount();
  progress.groups_needed = options_.prompts_per_rollout;
  progress.leases_held = held_.size();
  progress.evaluation_done = evaluation_.done();
  progress.evaluation_total = evaluation_.total();
  progress.waiting_calls = waiters_.size();
  progress.queued_groups = queue_.size();
  progress.queued_bytes = queued_bytes_;
  const absl::Duration since = Now() - absl::Minutes(1);
  for (const auto& [actor, seen] : actors_) progress.actors += seen >= since ? 1 : 0;
  return progress;
}

absl::Status ExperienceStoreImpl::Health() const {
  absl::MutexLock lock(&mu_);
  return health_;
}

}  // namespace drover::experience
