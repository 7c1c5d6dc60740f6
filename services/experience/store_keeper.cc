// The store's own thread: expires leases, serves long polls, writes submitted groups.
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "services/experience/store_impl.h"

namespace drover::experience {
namespace {

// How late a deadline may be noticed.
constexpr absl::Duration kTick = absl::Milliseconds(50);
constexpr size_t kMaxBatch = 256;

void Answer(v1::SubmitOutcome outcome, std::string detail, v1::SubmitGroupResponse* answer) {
  answer->set_outcome(outcome);
  answer->set_detail(std::move(detail));
}

}  // namespace

void ExperienceStoreImpl::Keep() {
  Heartbeats::Pulse pulse = BeginPulse(options_.heartbeats, "experience store");
  bool running = true;
  while (running) {
    pulse.Beat();
    Calls calls;
    std::vector<Submission> batch;
    {
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStoreImpl::KeeperHasWork), kTick);
      wake_ = false;
      running = !stop_;
      ExpireLeases();
      ServeWaiters(&calls);
      batch = TakeBatch();
      running = running || !queue_.empty();
    }
    for (const auto& call : calls) call();
    if (!batch.empty()) Commit(std::move(batch));
  }
}

void ExperienceStoreImpl::ExpireLeases() {
  if (!health_.ok()) return;
  for (uint64_t lease : held_.Expired(Now())) {
    CloseHeld(lease, v1::LEASE_OUTCOME_EXPIRED, "its deadline passed");
  }
}

void ExperienceStoreImpl::ServeWaiters(Calls* calls) {
  const absl::Duration now = Now();
  bool dry = false;  // what one waiter cannot have, the next cannot have either
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    absl::StatusOr<v1::LeaseGroupsResponse> response = v1::LeaseGroupsResponse();
    if (!dry) response = TryLease(it->actor, it->max_leases);
    dry = response.ok() && response->leases_size() == 0 && !response->finished();
    if (dry && it->deadline > now) {
      ++it;
      continue;
    }
    calls->push_back([done = std::move(it->done), response = std::move(response)]() { done(response); });
    it = waiters_.erase(it);
  }
}

std::vector<ExperienceStoreImpl::Submission> ExperienceStoreImpl::TakeBatch() {
  std::vector<Submission> batch;
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    queued_bytes_ -= queue_.front().payload.size();
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void ExperienceStoreImpl::Commit(std::vector<Submission> batch) {
  const absl::Status written = WriteBatch(&batch);
  for (Submission& submission : batch) {
    if (!written.ok()) {
      submission.done(absl::UnavailableError(written.message()));
    } else if (submission.answer.outcome() == v1::SUBMIT_OUTCOME_UNSPECIFIED) {
      submission.done(absl::InvalidArgumentError(submission.answer.detail()));
    } else {
      submission.done(submission.answer);
    }
  }
}

absl::Status ExperienceStoreImpl::WriteBatch(std::vector<Submission>* batch) {
  absl::MutexLock commit(&commit_mu_);
  {
    absl::MutexLock lock(&mu_);
    RETURN_IF_ERROR(health_);
    std::set<uint64_t> seen;
    for (Submission& submission : *batch) {
      Decide(&submission);
      if (!submission.event || seen.insert(submission.lease).second) continue;
      submission.event.reset();
      Answer(v1::SUBMIT_OUTCOME_ALREADY_HAVE, "submitted twice", &submission.answer);
    }
  }
  bool groups = false;
  absl::Status status;
  for (Submission& submission : *batch) {
    if (!submission.event || !submission.event->has_group_accepted()) continue;
    auto location = journal_->AppendGroup(submission.payload);
    status = location.status();
    if (!status.ok()) break;
    submission.event->mutable_group_accepted()->set_segment(location->segment);
    submission.event->mutable_group_accepted()->set_offset(location->offset);
    groups = true;
  }
  if (status.ok() && groups) status = journal_->SyncGroups();
  {
    absl::MutexLock lock(&mu_);
    if (!status.ok()) {
      Fail(status);
      return health_;
    }
    std::vector<v1::JournalEvent> events;
    std::set<uint64_t> filtered;  // rollouts
    for (Submission& submission : *batch) {
      if (!submission.event) continue;
      if (submission.answer.outcome() == v1::SUBMIT_OUTCOME_FILTERED) {
        const Issue issue = *ledger_.HeldLease(submission.lease);
        filtered.insert(issue.rollout);
        retries_.erase(issue.group);
      }
      events.push_back(*std::move(submission.event));
    }
    if (events.empty()) return absl::OkStatus();
    if (const absl::Status emitted = Emit(std::move(events)); !emitted.ok()) {
      Fail(emitted);
      return health_;
    }
    for (uint64_t rollout : filtered) CheckRounds(rollout);
  }
  return Sync();
}

void ExperienceStoreImpl::CheckRounds(uint64_t rollout) {
  const uint64_t prompts = options_.prompts_per_rollout;
  const uint64_t filtered = ledger_.FilteredCount(rollout);
  if (filtered + prompts <= options_.max_rounds * prompts) return;
  Fail(absl::FailedPreconditionError(absl::StrCat(
      "rollout ", rollout, ": ", filtered, " groups were filtered because all their rewards are equal, and ",
      "rollout.max_rounds: ", options_.max_rounds, " allows to draw ", options_.max_rounds * prompts, " for ",
      prompts, ". There is too little to learn from these questions: take easier or harder ones, a larger ",
      "rollout.group_size or a higher rollout.temperature; or set rollout.max_rounds higher, or ",
      "rollout.drop_equal_groups: false")));
}

void ExperienceStoreImpl::Decide(Submission* submission) const {
  const std::optional<LeaseState> state = ledger_.StateOf(submission->lease);
  const bool current = submission->incarnation == ledger_.incarnation();
  v1::SubmitGroupResponse* answer = &submission->answer;
  if (!state && current) {
    answer->set_detail(absl::StrCat("group.lease: ", submission->lease, " was never issued"));
    return;
  }
  if (!state || ledger_.IncarnationOf(submission->lease) != submission->incarnation) {
    return Answer(v1::SUBMIT_OUTCOME_EXPIRED, "the lease is not of this line of incarnations", answer);
  }
  switch (*state) {
    case LeaseState::kHeld:
      return DecideHeld(*ledger_.HeldLease(submission->lease), submission);
    case LeaseState::kAccepted:
    case LeaseState::kTrained:
    case LeaseState::kFiltered:
      return Answer(v1::SUBMIT_OUTCOME_ALREADY_HAVE, "", answer);
    case LeaseState::kStale:
      return Answer(v1::SUBMIT_OUTCOME_STALE, "it was answered so before", answer);
    case LeaseState::kExpired:
    case LeaseState::kFailed:
      return Answer(v1::SUBMIT_OUTCOME_EXPIRED, absl::StrCat("the lease is ", OutcomeName(OutcomeOf(*state))),
                    answer);
  }
}

void ExperienceStoreImpl::DecideHeld(const Issue& issue, Submission* submission) const {
  v1::JournalEvent event;
  const auto close = [&](v1::LeaseOutcome outcome, const std::string& reason) {
    v1::LeaseClosed* closed = event.mutable_lease_closed();
    closed->set_lease(submission->lease);
    closed->set_outcome(outcome);
    closed->set_reason(reason);
    closed->set_digest(submission->digest);
    closed->set_oldest_version(submission->oldest_version);
    closed->set_newest_version(submission->newest_version);
  };
  v1::SubmitGroupResponse* answer = &submission->answer;
  if (submission->oldest_version < issue.min_version || submission->newest_version > ledger_.version()) {
    const std::string reason = absl::StrCat("tokens of versions ", submission->oldest_version, " to ",
                                            submission->newest_version, "; rollout ", issue.rollout,
                                            " takes ", issue.min_version, " to ", ledger_.version(), " now");
    close(v1::LEASE_OUTCOME_STALE, reason);
    Answer(v1::SUBMIT_OUTCOME_STALE, reason, answer);
  } else if (options_.drop_equal_groups && submission->equal_rewards) {
    close(v1::LEASE_OUTCOME_FILTERED, "all rewards are equal");
    Answer(v1::SUBMIT_OUTCOME_FILTERED, "all rewards are equal", answer);
  } else {
    v1::GroupAccepted* accepted = event.mutable_group_accepted();
    accepted->set_lease(submission->lease);
    accepted->set_digest(submission->digest);
    accepted->set_oldest_version(submission->oldest_version);
    accepted->set_newest_version(submission->newest_version);
    Answer(v1::SUBMIT_OUTCOME_ACCEPTED, "", answer);
  }
  log::Debug("group submitted", {{"lease", submission->lease},
                                 {"trace_id", submission->trace_id},
                                 {"outcome", v1::SubmitOutcome_Name(answer->outcome())}});
  submission->event = std::move(event);
}

}  // namespace drover::experience
