// The actors' side of the store: leases, renewals, returns, submissions.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "base/token.h"
#include "group/reward.h"
#include "group/versions.h"
#include "services/experience/store_impl.h"
#include "services/experience/validate.h"

namespace drover::experience {
namespace {

// A lease response stays below gRPC's default limit of a message, 4 MiB, even if the last lease is a large one.
constexpr size_t kMaxLeaseBytes = 2u << 20;
constexpr size_t kMaxActors = 4096;
// Pauses before a group that failed is leased again: doubling from the first to the longest.
constexpr absl::Duration kFirstRetry = absl::Milliseconds(250);
constexpr absl::Duration kLongestRetry = absl::Seconds(10);

constexpr size_t kReasonsKept = 3;

std::string TraceId(uint64_t group, uint64_t lease) { return absl::StrCat("g", group, "-l", lease); }

}  // namespace

absl::Status ExperienceStoreImpl::Available() const {
  if (!health_.ok()) return absl::UnavailableError(health_.message());
  if (stop_) return absl::UnavailableError("the learner is stopping");
  return absl::OkStatus();
}

void ExperienceStoreImpl::Seen(const std::string& actor) {
  const absl::Duration now = Now();
  if (actors_.size() >= kMaxActors && actors_.count(actor) == 0) {
    for (auto it = actors_.begin(); it != actors_.end();) {
      it = it->second < now - absl::Minutes(1) ? actors_.erase(it) : std::next(it);
    }
    if (actors_.size() >= kMaxActors) return;
  }
  actors_[actor] = now;
}

uint64_t ExperienceStoreImpl::LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) {
  absl::StatusOr<v1::LeaseGroupsResponse> response = v1::LeaseGroupsResponse();
  uint64_t ticket = 0;
  {
    absl::MutexLock lock(&mu_);
    ticket = next_ticket_++;
    if (absl::Status valid = ValidateRequest(request); !valid.ok()) {
      response = valid;
    } else {
      Seen(request.actor());
      response = TryLease(request.actor(), request.max_leases());
    }
    const absl::Duration wait = std::min(absl::Seconds(request.wait_seconds()), options_.max_wait);
    const bool nothing = response.ok() && response->leases_size() == 0 && !response->finished();
    if (nothing && wait > absl::ZeroDuration()) {
      if (waiters_.size() < options_.max_waiters) {
        waiters_.push_back({ticket, request.actor(), request.max_leases(), Now() + wait, std::move(done)});
        return ticket;
      }
      response = absl::UnavailableError(absl::StrCat(waiters_.size(), " lease requests wait already"));
    }
  }
  done(std::move(response));
  return ticket;
}

bool ExperienceStoreImpl::CancelLease(uint64_t ticket) {
  absl::MutexLock lock(&mu_);
  const auto found = std::find_if(waiters_.begin(), waiters_.end(),
                                  [ticket](const Waiter& waiter) { return waiter.ticket == ticket; });
  if (found == waiters_.end()) return false;
  waiters_.erase(found);
  return true;
}

absl::StatusOr<v1::LeaseGroupsResponse> ExperienceStoreImpl::TryLease(const std::string& actor,
                                                                      uint32_t max_leases) {
  RETURN_IF_ERROR(Available());
  v1::LeaseGroupsResponse response;
  if (no_more_leases_ && !finished_) {
    return absl::UnavailableError("the learner stops before the run is over; ask the next one");
  }
  response.set_finished(finished_);
  size_t bytes = 0;
  const auto may_issue = [this](uint64_t group) ABSL_SHARED_LOCKS_REQUIRED(mu_) { return MayIssue(group); };
  while (!finished_ && static_cast<uint32_t>(response.leases_size()) < max_leases && bytes < kMaxLeaseBytes) {
    std::optional<v1::Lease> lease;
    if (evaluation_.active()) lease = evaluation_.Issue(may_issue);
    if (!lease) {
      ASSIGN_OR_RETURN(lease, IssueTraining(actor));
    }
    if (!lease) break;
    lease->set_incarnation(ledger_.incarnation());
    lease->set_ttl_seconds(absl::ToDoubleSeconds(options_.lease_ttl));
    lease->set_trace_id(TraceId(lease->group(), lease->lease()));
    lease->set_token(UnguessableToken());
    held_.Add({std::make_shared<const v1::Lease>(*lease), actor, Now() + options_.lease_ttl});
    bytes += lease->ByteSizeLong();
    *response.add_leases() = *std::move(lease);
  }
  return response;
}

absl::StatusOr<std::optional<v1::Lease>> ExperienceStoreImpl::IssueTraining(const std::string& actor) {
  if (!published_) return std::nullopt;
  const auto may_issue = [this](uint64_t group) ABSL_SHARED_LOCKS_REQUIRED(mu_) { return MayIssue(group); };
  const std::optional<Issue> issue = ledger_.NextIssue(*published_, may_issue);
  if (!issue) return std::nullopt;
  v1::Lease lease;
  lease.set_lease(ledger_.next_lease());
  lease.set_group(issue->group);
  lease.set_kind(v1::LEASE_KIND_TRAIN);
  *lease.mutable_prompt() = options_.prompt(issue->group);
  *lease.mutable_sampling() = options_.sampling;
  lease.set_min_version(issue->min_version);
  lease.set_grader(options_.grader);
  lease.set_reward_format(options_.reward_format);
  *lease.mutable_grading() = options_.grading;
  v1::JournalEvent event;
  v1::LeaseIssued* issued = event.mutable_lease_issued();
  issued->set_lease(lease.lease());
  issued->set_group(issue->group);
  issued->set_rollout(issue->rollout);
  issued->set_prompt_index(lease.prompt().index());
  issued->set_min_version(issue->min_version);
  issued->set_actor(actor);
  issued->set_trace_id(TraceId(issue->group, lease.lease()));
  if (const absl::Status emitted = Emit(std::move(event)); !emitted.ok()) {
    return absl::UnavailableError(emitted.message());
  }
  return std::optional<v1::Lease>(std::move(lease));
}

bool ExperienceStoreImpl::MayIssue(uint64_t group) const {
  const auto found = retries_.find(group);
  return found == retries_.end() || found->second.not_before <= Now();
}

void ExperienceStoreImpl::CloseHeld(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason) {
  const HeldLease* held = held_.Find(lease);
  if (held == nullptr) return;
  const uint64_t group = held->lease->group();
  const bool evaluation = held->lease->kind() == v1::LEASE_KIND_EVALUATION;
  log::Info("lease ended without a group", {{"lease", lease},
                                            {"trace_id", held->lease->trace_id()},
                                            {"outcome", OutcomeName(outcome)},
                                            {"actor", held->actor},
                                            {"reason", reason}});
  held_.Remove(lease);
  if (outcome == v1::LEASE_OUTCOME_FAILED) CountFailure(group, reason);
  if (evaluation) {
    evaluation_.Close(lease, outcome);
    wake_ = true;
    return;
  }
  v1::JournalEvent event;
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(outcome);
  event.mutable_lease_closed()->set_reason(reason);
  const absl::Status emitted = Emit(std::move(event));
  if (!emitted.ok()) Fail(emitted);
}

void ExperienceStoreImpl::CountFailure(uint64_t group, const std::string& reason) {
  Retry& retry = retries_[group];
  ++retry.failures;
  absl::Duration pause = kFirstRetry;
  for (uint32_t i = 1; i < retry.failures && pause < kLongestRetry; ++i) pause *= 2;
  retry.not_before = Now() + std::min(pause, kLongestRetry);
  const bool known = std::count(retry.reasons.begin(), retry.reasons.end(), reason) > 0;
  if (!known && retry.reasons.size() < kReasonsKept) retry.reasons.push_back(reason);
  if (retry.failures < options_.max_group_failures) return;
  Fail(absl::FailedPreconditionError(
      absl::StrCat("group ", group, " failed ", retry.failures,
                   " times (leases.max_failures): ", absl::StrJoin(retry.reasons, "; or: "))));
}

absl::StatusOr<v1::RenewLeasesResponse> ExperienceStoreImpl::RenewLeases(
    const v1::RenewLeasesRequest& request) {
  RETURN_IF_ERROR(ValidateRequest(request));
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(Available());
  Seen(request.actor());
  v1::RenewLeasesResponse response;
  if (request.incarnation() != ledger_.incarnation()) return response;
  for (int i = 0; i < request.leases_size(); ++i) {
    const HeldLease* held = held_.Find(request.leases(i));
    if (held == nullptr || !held->BelongsTo(request.actor(), request.tokens(i))) continue;
    held_.Renew(request.leases(i), Now() + options_.lease_ttl);
    response.add_held(request.leases(i));
  }
  return response;
}

absl::Status ExperienceStoreImpl::ReturnLeases(const v1::ReturnLeasesRequest& request) {
  RETURN_IF_ERROR(ValidateRequest(request));
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(Available());
  Seen(request.actor());
  if (request.incarnation() != ledger_.incarnation()) return absl::OkStatus();
  const auto outcome = request.failed() ? v1::LEASE_OUTCOME_FAILED : v1::LEASE_OUTCOME_EXPIRED;
  for (int i = 0; i < request.leases_size(); ++i) {
    const HeldLease* held = held_.Find(request.leases(i));
    if (held == nullptr || !held->BelongsTo(request.actor(), request.tokens(i))) continue;
    CloseHeld(request.leases(i), outcome, absl::StrCat("returned: ", request.reason()));
  }
  return absl::OkStatus();
}

void ExperienceStoreImpl::SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) {
  CutGradeTexts(*request.mutable_group());
  switch (request.kind()) {
    case v1::LEASE_KIND_TRAIN:
      return SubmitTraining(std::move(request), std::move(done));
    case v1::LEASE_KIND_EVALUATION:
      return done(SubmitEvaluation(std::move(request)));
    default:
      done(absl::InvalidArgumentError(absl::StrCat("kind: ", static_cast<int>(request.kind()),
                                                   "; it must be TRAIN or EVALUATION, as the lease says")));
  }
}

absl::StatusOr<std::shared_ptr<const v1::Lease>> ExperienceStoreImpl::FindHeld(
    const v1::SubmitGroupRequest& request) {
  const v1::Group& group = request.group();
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(Available());
  if (!group.actor().empty() && group.actor().size() <= kMaxActorName) Seen(group.actor());
  const bool current = group.incarnation() == ledger_.incarnation();
  const HeldLease* held = current ? held_.Find(group.lease()) : nullptr;
  if (held == nullptr) return nullptr;
  if (!held->BelongsTo(group.actor(), request.token())) {
    return absl::PermissionDeniedError(
        absl::StrCat("token: lease ", group.lease(), " is held by another actor, or with another token"));
  }
  if (held->lease->kind() == request.kind()) return held->lease;
  return absl::InvalidArgumentError(absl::StrCat("kind: ", v1::LeaseKind_Name(request.kind()),
                                                 ", but the lease says ",
                                                 v1::LeaseKind_Name(held->lease->kind())));
}

absl::StatusOr<v1::SubmitGroupResponse> ExperienceStoreImpl::SubmitEvaluation(
    v1::SubmitGroupRequest request) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const v1::Lease> lease, FindHeld(request));
  v1::Group& group = *request.mutable_group();
  if (lease != nullptr) RETURN_IF_ERROR(ValidateGroup(group, *lease, options_.group_limits));
  absl::MutexLock lock(&mu_);
  v1::SubmitGroupResponse response;
  if (group.incarnation() != ledger_.incarnation()) {
    response.set_outcome(v1::SUBMIT_OUTCOME_EXPIRED);
    response.set_detail("the lease is of an earlier incarnation");
    return response;
  }
  const uint64_t id = group.lease();
  const uint64_t name = group.group();
  response.set_outcome(evaluation_.Submit(std::move(group)));
  if (response.outcome() == v1::SUBMIT_OUTCOME_ACCEPTED) retries_.erase(name);
  held_.Remove(id);
  wake_ = true;
  return response;
}

void ExperienceStoreImpl::SubmitTraining(v1::SubmitGroupRequest request, SubmitDone done) {
  auto lease = FindHeld(request);
  if (!lease.ok()) return done(lease.status());
  const v1::Group& group = request.group();
  Submission submission;
  submission.lease = group.lease();
  submission.incarnation = group.incarnation();
  submission.trace_id = group.trace_id();
  if (*lease != nullptr) {
    if (absl::Status valid = ValidateGroup(group, **lease, options_.group_limits); !valid.ok())
      return done(valid);
    submission.payload = group.SerializeAsString();
    submission.digest = HexDigest(submission.payload);
    submission.equal_rewards = group::RewardsAllEqual(group);
    const group::VersionSpan versions = *group::Versions(group);  // each response has tokens
    submission.oldest_version = versions.oldest;
    submission.newest_version = versions.newest;
  }
  submission.done = done;
  if (absl::Status queued = Enqueue(std::move(submission)); !queued.ok()) done(queued);
}

absl::Status ExperienceStoreImpl::Enqueue(Submission submission) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(Available());
  if (queued_bytes_ > 0 && queued_bytes_ + submission.payload.size() > options_.max_queued_bytes) {
    return absl::UnavailableError(absl::StrCat(queued_bytes_, " bytes of groups wait to be written"));
  }
  // From here on the deadline counts no more: the group is there.
  if (!submission.payload.empty()) held_.Remove(submission.lease);
  queued_bytes_ += submission.payload.size();
  queue_.push_back(std::move(submission));
  return absl::OkStatus();
}

}  // namespace drover::experience
