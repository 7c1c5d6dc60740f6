// The store's calls: each asks the desk under the lock and sends what may be said at once. store_disk.cc has the rest.
#include "services/experience/store.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/log.h"
#include "base/status.h"
#include "services/experience/validate.h"

namespace drover::experience {
namespace {

absl::Duration SteadyClock() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

StoreOptions WithClock(StoreOptions options) {
  if (!options.clock) options.clock = SteadyClock;
  return options;
}

// Whether a stored group that cannot be had is lost for good: its bytes, its file, or what it holds is wrong.
bool Unfit(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status) || absl::IsInvalidArgument(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExperienceStore>> ExperienceStore::Open(StoreOptions options) {
  RETURN_IF_ERROR(options.Validate());
  std::unique_ptr<ExperienceStore> store(new ExperienceStore(std::move(options)));
  RETURN_IF_ERROR(store->Start());
  return store;
}

ExperienceStore::ExperienceStore(StoreOptions options)
    : options_(WithClock(std::move(options))), desk_(options_) {}

ExperienceStore::Outbox ExperienceStore::TakeDecisions() {
  DeskOutput output = desk_.Take();
  decided_ += output.events.size();
  for (v1::JournalEvent& event : output.events) to_write_.push_back(std::move(event));
  for (GroupToStore& group : output.groups) to_store_.push_back(std::move(group));
  if (output.sync) sync_to_ = decided_;
  std::vector<Answer> now;
  for (Answer& answer : output.answers) {
    switch (answer.after) {
      case After::kNothing:
        now.push_back(std::move(answer));
        break;
      case After::kWritten:
        after_write_.push_back(std::move(answer));
        break;
      case After::kSynced:
        after_write_and_sync_.push_back(std::move(answer));
        break;
    }
  }
  Outbox outbox;
  outbox.notes = std::move(output.notes);
  Release(std::move(now), &outbox);
  return outbox;
}

void ExperienceStore::Release(std::vector<Answer> answers, Outbox* outbox) {
  for (Answer& answer : answers) {
    if (!disk_.ok() && answer.after != After::kNothing) {
      const absl::Status lost = absl::UnavailableError(desk_.health().message());
      std::visit([&lost](auto& reply) { reply = lost; }, answer.reply);
    }
    auto call = calls_.extract(answer.ticket);
    DROVER_CHECK(!call.empty());  // each ticket is answered once
    outbox->answers.emplace_back(std::move(call.mapped()), std::move(answer.reply));
  }
}

void ExperienceStore::Send(Outbox outbox) {
  for (const Note& note : outbox.notes) log::Write(note.level, note.message, note.fields);
  for (auto& [done, reply] : outbox.answers) done(std::move(reply));
}

uint64_t ExperienceStore::AddCall(Done done) {
  const uint64_t ticket = next_ticket_++;
  calls_[ticket] = std::move(done);
  return ticket;
}

absl::Status ExperienceStore::Decide(
    const std::function<absl::Status(Desk& desk, absl::Duration now)>& decide, uint64_t* decided_to) {
  absl::Status decided;
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    decided = decide(desk_, Now());
    outbox = TakeDecisions();
    if (decided_to != nullptr) *decided_to = decided_;
  }
  Send(std::move(outbox));
  return decided;
}

// --- The training loop ----------------------------------------------------------------------------------------------

absl::Status ExperienceStore::Durably(
    const std::function<absl::Status(Desk& desk, absl::Duration now)>& decide) {
  uint64_t until = 0;
  RETURN_IF_ERROR(Decide(decide, &until));
  absl::MutexLock lock(&mu_);
  const auto synced = [this, until]()
                          ABSL_SHARED_LOCKS_REQUIRED(mu_) { return synced_ >= until || !disk_.ok(); };
  mu_.Await(absl::Condition(&synced));
  return disk_.ok() ? absl::OkStatus() : desk_.health();
}

absl::Status ExperienceStore::StartIncarnation(uint64_t version) {
  return Durably([&](Desk& desk, absl::Duration now) { return desk.StartIncarnation(version, now); });
}

absl::Status ExperienceStore::GoBack(uint64_t version) {
  return Durably([&](Desk& desk, absl::Duration now) { return desk.GoBack(version, now); });
}

absl::Status ExperienceStore::Publish(uint64_t version) {
  return Decide([&](Desk& desk, absl::Duration now) { return desk.Publish(version, now); });
}

absl::StatusOr<std::vector<v1::Group>> ExperienceStore::WaitForRollout(uint64_t rollout,
                                                                       absl::Duration timeout) {
  absl::StatusOr<std::vector<StoredGroup>> stored;
  {
    absl::MutexLock lock(&mu_);
    stored = desk_.Rollout(rollout);
    if (absl::IsDeadlineExceeded(stored.status())) {
      mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStore::RolloutDecided), timeout);
      stored = desk_.Rollout(rollout);
    }
  }
  RETURN_IF_ERROR(stored.status());
  std::vector<v1::Group> groups;
  groups.reserve(stored->size());
  std::vector<UnfitGroup> unfit;
  for (const StoredGroup& group : *stored) {
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
  RETURN_IF_ERROR(Durably([&](Desk& desk, absl::Duration now) { return desk.LeaseAgain(unfit, now); }));
  return absl::DeadlineExceededError(
      absl::StrCat("rollout ", rollout, ": ", unfit.size(), " stored groups are leased again"));
}

absl::StatusOr<v1::Group> ExperienceStore::LoadGroup(const StoredGroup& stored) const {
  ASSIGN_OR_RETURN(v1::Group group,
                   ReadStoredGroup(JournalFolder(options_.run_folder), stored, options_.files));
  RETURN_IF_ERROR(group::CheckGroup(group, options_.group_limits));
  return group;
}

absl::Status ExperienceStore::MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                                          uint64_t last_optimizer_step) {
  return Durably([&](Desk& desk, absl::Duration now) {
    return desk.MarkTrained(rollout, version, first_optimizer_step, last_optimizer_step, now);
  });
}

absl::Status ExperienceStore::MarkCheckpoint(uint64_t version, const std::string& path) {
  RETURN_IF_ERROR(Durably([&](Desk& desk, absl::Duration) { return desk.MarkCheckpoint(version, path); }));
  absl::MutexLock groups(&groups_mu_);
  std::optional<uint32_t> first_needed;
  {
    absl::MutexLock lock(&mu_);
    first_needed = desk_.FirstNeededSegment();
  }
  journal_->BeginSegment();
  const absl::Status deleted = journal_->DeleteSegments(first_needed);
  // Space that stays taken is no reason to stop: the next checkpoint tries again.
  if (!deleted.ok()) log::Warning("old journal segments stay", {{"reason", std::string(deleted.message())}});
  return absl::OkStatus();
}

absl::Status ExperienceStore::BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts) {
  return Decide([&](Desk& desk, absl::Duration now) {
    return desk.BeginEvaluation(std::move(plan), std::move(prompts), now);
  });
}

absl::StatusOr<std::vector<v1::Group>> ExperienceStore::WaitForEvaluation(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  absl::StatusOr<std::vector<v1::Group>> groups = desk_.TakeEvaluation();
  if (!absl::IsDeadlineExceeded(groups.status())) return groups;
  mu_.AwaitWithTimeout(absl::Condition(this, &ExperienceStore::EvaluationDecided), timeout);
  return desk_.TakeEvaluation();
}

void ExperienceStore::Finish() {
  (void)Decide([](Desk& desk, absl::Duration now) { return desk.Finish(now), absl::OkStatus(); });
}

void ExperienceStore::StopLeasing() {
  (void)Decide([](Desk& desk, absl::Duration now) { return desk.StopLeasing(now), absl::OkStatus(); });
}

// --- Actors ---------------------------------------------------------------------------------------------------------

uint64_t ExperienceStore::LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) {
  uint64_t ticket = 0;
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    ticket = AddCall([done = std::move(done)](Reply reply) {
      done(std::get<absl::StatusOr<v1::LeaseGroupsResponse>>(std::move(reply)));
    });
    desk_.Lease(ticket, request, Now());
    outbox = TakeDecisions();
  }
  Send(std::move(outbox));
  return ticket;
}

bool ExperienceStore::CancelLease(uint64_t ticket) {
  absl::MutexLock lock(&mu_);
  if (!desk_.CancelLease(ticket)) return false;
  calls_.erase(ticket);
  return true;
}

absl::StatusOr<v1::RenewLeasesResponse> ExperienceStore::RenewLeases(const v1::RenewLeasesRequest& request) {
  absl::MutexLock lock(&mu_);
  return desk_.Renew(request, Now());
}

void ExperienceStore::ReturnLeases(const v1::ReturnLeasesRequest& request, ReturnDone done) {
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    const uint64_t ticket =
        AddCall([done = std::move(done)](Reply reply) { done(std::get<absl::Status>(std::move(reply))); });
    desk_.Return(ticket, request, Now());
    outbox = TakeDecisions();
  }
  Send(std::move(outbox));
}

void ExperienceStore::SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) {
  if (request.kind() != v1::LEASE_KIND_TRAIN && request.kind() != v1::LEASE_KIND_EVALUATION) {
    return done(absl::InvalidArgumentError(absl::StrCat(
        "kind: ", static_cast<int>(request.kind()), "; it must be TRAIN or EVALUATION, as the lease says")));
  }
  CutGradeTexts(*request.mutable_group());
  absl::StatusOr<std::shared_ptr<const v1::Lease>> lease;
  {
    absl::MutexLock lock(&mu_);
    lease = desk_.Holds(request, Now());
  }
  if (!lease.ok()) return done(lease.status());
  // What takes long is done on the caller's thread and under no lock: checking and packing.
  const bool evaluation = request.kind() == v1::LEASE_KIND_EVALUATION;
  v1::Group& group = *request.mutable_group();
  Submission submission;
  if (evaluation) {
    const absl::Status valid =
        *lease == nullptr ? absl::OkStatus() : ValidateGroup(group, **lease, options_.group_limits);
    if (!valid.ok()) return done(valid);
  } else {
    absl::StatusOr<Submission> packed = PackSubmission(group, lease->get(), options_.group_limits);
    if (!packed.ok()) return done(packed.status());
    submission = *std::move(packed);
  }
  Outbox outbox;
  {
    absl::MutexLock lock(&mu_);
    const uint64_t ticket = AddCall([done = std::move(done)](Reply reply) {
      done(std::get<absl::StatusOr<v1::SubmitGroupResponse>>(std::move(reply)));
    });
    if (evaluation) {
      desk_.SubmitEvaluation(ticket, std::move(group), Now());
    } else {
      desk_.Submit(ticket, std::move(submission), Now());
    }
    outbox = TakeDecisions();
  }
  Send(std::move(outbox));
}

// --- Pictures -------------------------------------------------------------------------------------------------------

v1::LeaseCounts ExperienceStore::Counts() const {
  absl::MutexLock lock(&mu_);
  return desk_.Counts();
}

v1::LeaseCounts ExperienceStore::EvaluationCounts() const {
  absl::MutexLock lock(&mu_);
  return desk_.EvaluationCounts();
}

v1::LeaseCounts ExperienceStore::EndedSinceStep() const {
  absl::MutexLock lock(&mu_);
  return desk_.EndedSinceStep();
}

Progress ExperienceStore::GetProgress() const {
  absl::MutexLock lock(&mu_);
  return desk_.GetProgress(Now());
}

absl::Status ExperienceStore::Health() const {
  absl::MutexLock lock(&mu_);
  return desk_.health();
}

}  // namespace drover::experience
