// The desk's leases: issued, waited for, renewed, returned, expired.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/experience/desk.h"
#include "services/experience/validate.h"

namespace drover::experience {
namespace {

// A lease response stays below gRPC's default limit of a message, 4 MiB, even if the last lease is a large one.
constexpr size_t kMaxLeaseBytes = 2u << 20;

std::string TraceId(uint64_t group, uint64_t lease) { return absl::StrCat("g", group, "-l", lease); }

bool Nothing(const absl::StatusOr<v1::LeaseGroupsResponse>& response) {
  return response.ok() && response->leases_size() == 0 && !response->finished();
}

// Leases are in the journal before anybody has them.
After AfterWhat(const absl::StatusOr<v1::LeaseGroupsResponse>& response) {
  return response.ok() && response->leases_size() > 0 ? After::kWritten : After::kNothing;
}

}  // namespace

void Desk::Lease(uint64_t ticket, const v1::LeaseGroupsRequest& request, absl::Duration now) {
  if (absl::Status valid = ValidateRequest(request); !valid.ok()) {
    return AnswerLease(ticket, After::kNothing, valid);
  }
  actors_.Saw(request.actor(), now);
  absl::StatusOr<v1::LeaseGroupsResponse> response = TryLease(request.actor(), request.max_leases(), now);
  const absl::Duration wait = std::min(absl::Seconds(request.wait_seconds()), options_.max_wait);
  if (Nothing(response) && wait > absl::ZeroDuration()) {
    if (waiters_.size() < options_.max_waiters) {
      waiters_.push_back({ticket, request.actor(), request.max_leases(), now + wait});
      return;
    }
    response = absl::UnavailableError(absl::StrCat(waiters_.size(), " lease requests wait already"));
  }
  const After after = AfterWhat(response);
  AnswerLease(ticket, after, std::move(response));
}

bool Desk::CancelLease(uint64_t ticket) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(),
                                  [ticket](const Waiter& waiter) { return waiter.ticket == ticket; });
  if (found == waiters_.end()) return false;
  waiters_.erase(found);
  return true;
}

void Desk::ServeWaiters(absl::Duration now) {
  while (!waiters_.empty()) {
    const Waiter& first = waiters_.front();
    absl::StatusOr<v1::LeaseGroupsResponse> response = TryLease(first.actor, first.max_leases, now);
    if (Nothing(response)) return;  // what one waiter cannot have, the next cannot have either
    const After after = AfterWhat(response);
    AnswerLease(first.ticket, after, std::move(response));
    waiters_.pop_front();
  }
}

void Desk::EndWaits(absl::Duration now) {
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    if (it->deadline > now) {
      ++it;
      continue;
    }
    AnswerLease(it->ticket, After::kNothing, NoLeases());
    it = waiters_.erase(it);
  }
}

v1::LeaseGroupsResponse Desk::NoLeases() const {
  v1::LeaseGroupsResponse response;
  response.set_finished(finished_);
  if (evaluation_.active()) response.set_evaluating(evaluation_.version());
  return response;
}

absl::StatusOr<v1::LeaseGroupsResponse> Desk::TryLease(const std::string& actor, uint32_t max_leases,
                                                       absl::Duration now) {
  RETURN_IF_ERROR(Available());
  if (no_more_leases_ && !finished_) {
    return absl::UnavailableError("the learner stops before the run is over; ask the next one");
  }
  v1::LeaseGroupsResponse response = NoLeases();
  size_t bytes = 0;
  while (!finished_ && static_cast<uint32_t>(response.leases_size()) < max_leases && bytes < kMaxLeaseBytes) {
    std::optional<v1::Lease> lease = IssueNext(actor, now);
    if (!lease) break;
    lease->set_incarnation(ledger_.incarnation());
    lease->set_ttl_seconds(absl::ToDoubleSeconds(options_.lease_ttl));
    lease->set_trace_id(TraceId(lease->group(), lease->lease()));
    lease->set_token(options_.token());
    held_.Add({std::make_shared<const v1::Lease>(*lease), actor, now + options_.lease_ttl});
    bytes += lease->ByteSizeLong();
    *response.add_leases() = *std::move(lease);
  }
  return response;
}

// An evaluation comes first within its share, and has what training leaves.
std::optional<v1::Lease> Desk::IssueNext(const std::string& actor, absl::Duration now) {
  const auto evaluation = [this, now]() -> std::optional<v1::Lease> {
    if (!evaluation_.active()) return std::nullopt;
    return evaluation_.Issue([this, now](uint64_t group) { return failures_.MayLease(group, now); });
  };
  const uint64_t before = held_.evaluation_responses(), more = evaluation_.group_size();
  const double share = options_.evaluation_share;
  const bool within_share =
      static_cast<double>(before + more) <= share * static_cast<double>(held_.responses() + more) ||
      (before == 0 && share > 0.0);
  std::optional<v1::Lease> lease = within_share ? evaluation() : std::nullopt;
  if (!lease) lease = IssueTraining(actor, now);
  if (!lease && !within_share) lease = evaluation();
  return lease;
}

std::optional<v1::Lease> Desk::IssueTraining(const std::string& actor, absl::Duration now) {
  if (!published_) return std::nullopt;
  const auto may_issue = [this, now](uint64_t group) { return failures_.MayLease(group, now); };
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
  EmitLegal(std::move(event));
  if (!health_.ok()) return std::nullopt;
  return lease;
}

absl::StatusOr<v1::RenewLeasesResponse> Desk::Renew(const v1::RenewLeasesRequest& request,
                                                    absl::Duration now) {
  RETURN_IF_ERROR(ValidateRequest(request));
  RETURN_IF_ERROR(Available());
  actors_.Saw(request.actor(), now);
  v1::RenewLeasesResponse response;
  if (request.incarnation() != ledger_.incarnation()) return response;
  for (int i = 0; i < request.leases_size(); ++i) {
    const HeldLease* held = held_.Find(request.leases(i));
    if (held == nullptr || !held->BelongsTo(request.actor(), request.tokens(i))) continue;
    held_.Renew(request.leases(i), now + options_.lease_ttl);
    response.add_held(request.leases(i));
  }
  return response;
}

void Desk::Return(uint64_t ticket, const v1::ReturnLeasesRequest& request, absl::Duration now) {
  absl::Status refused = ValidateRequest(request);
  if (refused.ok()) refused = Available();
  if (!refused.ok()) return AnswerReturn(ticket, After::kNothing, std::move(refused));
  actors_.Saw(request.actor(), now);
  const auto outcome = request.failed() ? v1::LEASE_OUTCOME_FAILED : v1::LEASE_OUTCOME_EXPIRED;
  const bool current = request.incarnation() == ledger_.incarnation();
  for (int i = 0; current && i < request.leases_size(); ++i) {
    const HeldLease* held = held_.Find(request.leases(i));
    if (held == nullptr || !held->BelongsTo(request.actor(), request.tokens(i))) continue;
    CloseHeld(request.leases(i), outcome, absl::StrCat("returned: ", request.reason()), now);
  }
  AnswerReturn(ticket, After::kWritten, absl::OkStatus());
  ServeWaiters(now);
}

void Desk::CloseHeld(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason,
                     absl::Duration now) {
  const HeldLease* held = held_.Find(lease);
  if (held == nullptr) return;
  const uint64_t group = held->lease->group();
  const bool evaluation = held->lease->kind() == v1::LEASE_KIND_EVALUATION;
  output_.notes.push_back({log::Level::kInfo,
                           "lease ended without a group",
                           {{"lease", lease},
                            {"trace_id", held->lease->trace_id()},
                            {"outcome", OutcomeName(outcome)},
                            {"actor", held->actor},
                            {"reason", reason}}});
  held_.Remove(lease);
  if (outcome == v1::LEASE_OUTCOME_FAILED) CountFailure(group, reason, now);
  if (evaluation) {
    evaluation_.Close(lease, outcome);
    return;
  }
  v1::JournalEvent event;
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(outcome);
  event.mutable_lease_closed()->set_reason(reason);
  EmitLegal(std::move(event));
}

void Desk::CountFailure(uint64_t group, const std::string& reason, absl::Duration now) {
  const uint32_t failures = failures_.Count(group, reason, now);
  if (failures < options_.max_group_failures) return;
  Fail(absl::FailedPreconditionError(absl::StrCat(
      "group ", group, " failed ", failures, " times (leases.max_failures): ", failures_.Reasons(group))));
}

}  // namespace drover::experience
