// The desk's submissions: what becomes of a group that an actor sends.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/experience/desk.h"
#include "services/experience/validate.h"

namespace drover::experience {
namespace {

v1::SubmitGroupResponse Outcome(v1::SubmitOutcome outcome, std::string detail) {
  v1::SubmitGroupResponse response;
  response.set_outcome(outcome);
  response.set_detail(std::move(detail));
  return response;
}

Note Submitted(const Submission& submission, v1::SubmitOutcome outcome) {
  return {log::Level::kDebug,
          "group submitted",
          {{"lease", submission.lease},
           {"trace_id", submission.trace_id},
           {"outcome", v1::SubmitOutcome_Name(outcome)}}};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const v1::Lease>> Desk::Holds(const v1::SubmitGroupRequest& request,
                                                             absl::Duration now) {
  const v1::Group& group = request.group();
  RETURN_IF_ERROR(Available());
  if (!group.actor().empty() && group.actor().size() <= kMaxActorName) actors_.Saw(group.actor(), now);
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

// Nothing of an evaluation is in the journal, so its answers wait for nothing.
void Desk::SubmitEvaluation(uint64_t ticket, v1::Group group, absl::Duration now) {
  if (group.incarnation() != ledger_.incarnation()) {
    return AnswerSubmission(ticket, After::kNothing,
                            Outcome(v1::SUBMIT_OUTCOME_EXPIRED, "the lease is of an earlier incarnation"));
  }
  const uint64_t lease = group.lease();
  const uint64_t name = group.group();
  const v1::SubmitOutcome outcome = evaluation_.Submit(std::move(group));
  if (outcome == v1::SUBMIT_OUTCOME_ACCEPTED) failures_.Forget(name);
  held_.Remove(lease);
  AnswerSubmission(ticket, After::kNothing, Outcome(outcome, ""));
  ServeWaiters(now);
}

void Desk::Submit(uint64_t ticket, Submission submission, absl::Duration now) {
  if (absl::Status available = Available(); !available.ok()) {
    return AnswerSubmission(ticket, After::kNothing, std::move(available));
  }
  const uint64_t lease = submission.lease;
  const auto twin = storing_.find(lease);
  if (twin != storing_.end() && twin->second.submission.incarnation == submission.incarnation) {
    twin->second.twins.push_back(ticket);
    return;
  }
  const std::optional<Issue> issue = ledger_.HeldLease(lease);
  if (submission.payload.empty() || !issue || ledger_.IncarnationOf(lease) != submission.incarnation) {
    // Behind the events that made it so: ALREADY_HAVE promises that the group is durable.
    return AnswerSubmission(ticket, After::kSynced, AnswerByState(lease, submission.incarnation));
  }
  if (ClosedByItsGroup(ticket, submission, *issue)) return ServeWaiters(now);
  const uint64_t bytes = submission.payload.size();
  if (storing_bytes_ > 0 && storing_bytes_ + bytes > options_.max_queued_bytes) {
    return AnswerSubmission(
        ticket, After::kNothing,
        absl::UnavailableError(absl::StrCat(storing_bytes_, " bytes of groups wait to be written")));
  }
  // From here on the deadline counts no more: the group is there.
  held_.Remove(lease);
  storing_bytes_ += bytes;
  output_.groups.push_back({lease, std::exchange(submission.payload, "")});
  storing_[lease] = {ticket, {}, std::move(submission), bytes};
}

bool Desk::ClosedByItsGroup(uint64_t ticket, const Submission& submission, const Issue& issue) {
  if (submission.oldest_version < issue.min_version || submission.newest_version > ledger_.version()) {
    const std::string reason = absl::StrCat("tokens of versions ", submission.oldest_version, " to ",
                                            submission.newest_version, "; rollout ", issue.rollout, " takes ",
                                            issue.min_version, " to ", ledger_.version(), " now");
    CloseSubmitted(submission, v1::LEASE_OUTCOME_STALE, reason);
    AnswerSubmission(ticket, After::kSynced, Outcome(v1::SUBMIT_OUTCOME_STALE, reason));
    output_.notes.push_back(Submitted(submission, v1::SUBMIT_OUTCOME_STALE));
    return true;
  }
  if (!options_.drop_equal_groups || !submission.equal_rewards) return false;
  CloseSubmitted(submission, v1::LEASE_OUTCOME_FILTERED, "all rewards are equal");
  AnswerSubmission(ticket, After::kSynced, Outcome(v1::SUBMIT_OUTCOME_FILTERED, "all rewards are equal"));
  output_.notes.push_back(Submitted(submission, v1::SUBMIT_OUTCOME_FILTERED));
  failures_.Forget(issue.group);
  CheckRounds(issue.rollout);
  return true;
}

void Desk::CloseSubmitted(const Submission& submission, v1::LeaseOutcome outcome, const std::string& reason) {
  held_.Remove(submission.lease);
  v1::JournalEvent event;
  v1::LeaseClosed* closed = event.mutable_lease_closed();
  closed->set_lease(submission.lease);
  closed->set_outcome(outcome);
  closed->set_reason(reason);
  closed->set_digest(submission.digest);
  closed->set_oldest_version(submission.oldest_version);
  closed->set_newest_version(submission.newest_version);
  EmitLegal(std::move(event));
}

void Desk::Stored(const std::vector<StoredAt>& stored, absl::Duration now) {
  for (const StoredAt& at : stored) {
    const auto found = storing_.extract(at.lease);
    if (found.empty()) continue;
    storing_bytes_ -= found.mapped().bytes;
    AnswerStored(found.mapped(), at);
  }
  ServeWaiters(now);
}

void Desk::AnswerStored(const Storing& storing, const StoredAt& at) {
  const Submission& submission = storing.submission;
  std::vector<uint64_t> late = storing.twins;
  if (ledger_.HeldLease(at.lease)) {
    v1::JournalEvent event;
    v1::GroupAccepted* accepted = event.mutable_group_accepted();
    accepted->set_lease(at.lease);
    accepted->set_digest(submission.digest);
    accepted->set_oldest_version(submission.oldest_version);
    accepted->set_newest_version(submission.newest_version);
    accepted->set_segment(at.segment);
    accepted->set_offset(at.offset);
    EmitLegal(std::move(event));
    AnswerSubmission(storing.ticket, After::kSynced, Outcome(v1::SUBMIT_OUTCOME_ACCEPTED, ""));
    output_.notes.push_back(Submitted(submission, v1::SUBMIT_OUTCOME_ACCEPTED));
  } else {  // its incarnation ended
    late.push_back(storing.ticket);
  }
  for (uint64_t ticket : late)
    AnswerSubmission(ticket, After::kSynced, AnswerByState(at.lease, submission.incarnation));
}

absl::StatusOr<v1::SubmitGroupResponse> Desk::AnswerByState(uint64_t lease, uint32_t incarnation) const {
  const std::optional<LeaseState> state = ledger_.StateOf(lease);
  if (!state && incarnation == ledger_.incarnation()) {
    return absl::InvalidArgumentError(absl::StrCat("group.lease: ", lease, " was never issued"));
  }
  if (!state || ledger_.IncarnationOf(lease) != incarnation) {
    return Outcome(v1::SUBMIT_OUTCOME_EXPIRED, "the lease is not of this line of incarnations");
  }
  switch (*state) {
    case LeaseState::kAccepted:
    case LeaseState::kTrained:
    case LeaseState::kFiltered:
      return Outcome(v1::SUBMIT_OUTCOME_ALREADY_HAVE, "");
    case LeaseState::kStale:
      return Outcome(v1::SUBMIT_OUTCOME_STALE, "it was answered so before");
    case LeaseState::kHeld:  // it was replayed, and StartIncarnation will expire it
      return Outcome(v1::SUBMIT_OUTCOME_EXPIRED, "the learner that leased it is gone");
    case LeaseState::kExpired:
    case LeaseState::kFailed:
      return Outcome(v1::SUBMIT_OUTCOME_EXPIRED,
                     absl::StrCat("the lease is ", OutcomeName(OutcomeOf(*state))));
  }
  return absl::InternalError("a lease of no state");
}

void Desk::CheckRounds(uint64_t rollout) {
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

}  // namespace drover::experience
