// Every decision of the experience store: who is leased what, what becomes of a group, when the run must stop. Pure: no
// clock, lock, thread, file or socket. Time comes in as `now`; what must be durable, and what may be said once it is, comes
// out (the model is the core of etcd's raft):
//
//   request or tick, now ──▶ Desk ──▶ Take ──▶ events ──▶ written ──▶ answers of After::kWritten
//                             ▲                        └▶ synced  ──▶ answers of After::kSynced
//                             │                groups ──▶ appended, synced ─┐
//                             └─────────────── Stored(where they are) ◀─────┘
//
// The desk's own state is ahead of the disk by the outputs that are on their way there: who drives it (store.h) carries them
// out in order, and lets no answer out before its events. When the disk fails nothing of them was promised to anybody.
//
//   a submitted group   ─▶ answered at once: refused, or the call is one that must try again
//                       ─▶ closed (stale, filtered): an event, answered when it is synced
//                       ─▶ storing: handed out as a group; held by no actor and not leased again meanwhile
//                            ─▶ accepted: its event, answered when it is synced; so are those who sent it twice
//                            ─▶ expired: the incarnation that leased it ended while it was being stored
//
// What became of a lease is the ledger's (ledger.h), which is told nothing but events. docs/reference/staleness.md derives
// when a lease may be issued. Tests: testdata/desk/*.txt are transcripts of requests, times and outputs.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/experience/desk_options.h"
#include "services/experience/desk_output.h"
#include "services/experience/evaluation.h"
#include "services/experience/failures.h"
#include "services/experience/held_leases.h"
#include "services/experience/ledger.h"
#include "services/experience/recent_actors.h"
#include "services/experience/store_view.h"
#include "services/experience/submission.h"

namespace drover::experience {

// An accepted group that cannot be trained.
struct UnfitGroup {
  uint64_t lease = 0;
  uint64_t group = 0;
  std::string reason;
};

// A group of DeskOutput::groups is in its segment, synced.
struct StoredAt {
  uint64_t lease = 0;
  uint32_t segment = 0;
  uint64_t offset = 0;
};

// Not thread-safe. `now` is the time since some fixed moment and never goes back. Calls of the training loop return an
// error, and change nothing, or OK, and are done when what they put out is synced.
class Desk {
 public:
  explicit Desk(DeskOptions options);

  // An event of the journal, before anything else.
  absl::Status Replay(const v1::JournalEvent& event) { return ledger_.Apply(event); }

  // What was decided since the last call.
  DeskOutput Take();

  // --- The training loop's requests (rollout_store.h says what each means) ------------------------------------------
  absl::Status StartIncarnation(uint64_t version, absl::Duration now);
  absl::Status GoBack(uint64_t version, absl::Duration now);
  absl::Status Publish(uint64_t version, absl::Duration now);
  // Where the groups of `rollout` are stored. DEADLINE_EXCEEDED: not all are accepted yet.
  absl::StatusOr<std::vector<StoredGroup>> Rollout(uint64_t rollout) const;
  // Rollout's answer for the next rollout is no DEADLINE_EXCEEDED.
  bool RolloutDecided() const { return !health_.ok() || ledger_.Ready(); }
  // They are leased again.
  absl::Status LeaseAgain(const std::vector<UnfitGroup>& unfit, absl::Duration now);
  absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                           uint64_t last_optimizer_step, absl::Duration now);
  absl::Status MarkCheckpoint(uint64_t version, const std::string& path);
  absl::Status BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts, absl::Duration now);
  // DEADLINE_EXCEEDED: not all are graded yet.
  absl::StatusOr<std::vector<v1::Group>> TakeEvaluation();
  // TakeEvaluation's answer is no DEADLINE_EXCEEDED.
  bool EvaluationDecided() const { return !health_.ok() || evaluation_.Complete(); }
  void Finish(absl::Duration now);
  void StopLeasing(absl::Duration now);

  // --- Actors' requests; `ticket` names the call in its answer, once --------------------------------------------------
  void Lease(uint64_t ticket, const v1::LeaseGroupsRequest& request, absl::Duration now);
  // True: that call waited, and will not be answered.
  bool CancelLease(uint64_t ticket);
  absl::StatusOr<v1::RenewLeasesResponse> Renew(const v1::RenewLeasesRequest& request, absl::Duration now);
  void Return(uint64_t ticket, const v1::ReturnLeasesRequest& request, absl::Duration now);
  // The lease that a group answers; nullptr: no actor holds it. PERMISSION_DENIED when it is another's,
  // INVALID_ARGUMENT when it is of another kind.
  absl::StatusOr<std::shared_ptr<const v1::Lease>> Holds(const v1::SubmitGroupRequest& request,
                                                         absl::Duration now);
  // A group of an evaluation that was checked against its lease (Holds).
  void SubmitEvaluation(uint64_t ticket, v1::Group group, absl::Duration now);
  // A group of training.
  void Submit(uint64_t ticket, Submission submission, absl::Duration now);

  // --- What drives it -------------------------------------------------------------------------------------------------
  // Expires leases and ends long polls whose time is over. How late it comes is how late that is noticed.
  void Tick(absl::Duration now);
  // Groups of Take are durable, in the order in which they were handed out.
  void Stored(const std::vector<StoredAt>& stored, absl::Duration now);
  // The disk takes nothing any more: neither does the desk. Calls whose groups are being stored are answered UNAVAILABLE.
  void DiskFailed(const absl::Status& reason, absl::Duration now);
  // The process ends: long polls are answered UNAVAILABLE, and so is what comes from now on.
  void Close(absl::Duration now);

  // --- Pictures (store_view.h) ----------------------------------------------------------------------------------------
  const absl::Status& health() const { return health_; }
  v1::LeaseCounts Counts() const { return ledger_.Counts(); }
  v1::LeaseCounts EvaluationCounts() const { return evaluation_.counts(); }
  v1::LeaseCounts EndedSinceStep() const;
  Progress GetProgress(absl::Duration now) const;
  // Ledger::FirstNeededSegment, last_segment.
  std::optional<uint32_t> FirstNeededSegment() const { return ledger_.FirstNeededSegment(); }
  uint32_t last_segment() const { return ledger_.last_segment(); }

 private:
  // A long poll.
  struct Waiter {
    uint64_t ticket = 0;
    std::string actor;
    uint32_t max_leases = 0;
    absl::Duration deadline;
  };
  // A group that is being stored.
  struct Storing {
    uint64_t ticket = 0;
    std::vector<uint64_t> twins;  // calls that submitted it again meanwhile
    Submission submission;        // without its payload
    uint64_t bytes = 0;
  };

  // desk.cc
  // Applies the event and hands it out; the ledger's refusal changes nothing.
  absl::Status Emit(v1::JournalEvent event);
  // Emit of what the ledger must take.
  void EmitLegal(v1::JournalEvent event);
  // The desk takes nothing any more; waiting calls learn it by ServeWaiters.
  void Fail(const absl::Status& reason);
  void AnswerLease(uint64_t ticket, After after, absl::StatusOr<v1::LeaseGroupsResponse> reply);
  void AnswerSubmission(uint64_t ticket, After after, absl::StatusOr<v1::SubmitGroupResponse> reply);
  void AnswerReturn(uint64_t ticket, After after, absl::Status reply);
  absl::Status CheckStarted() const;
  // UNAVAILABLE with the reason, for actors.
  absl::Status Available() const;
  // Closes the lease of an accepted group.
  absl::Status Drop(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason);
  // Leases of both kinds that ended without an accepted group, since ever.
  v1::LeaseCounts Ended() const;

  // desk_leases.cc
  // Leases to the long polls, first come, first served, what there is; all of them hear of an end.
  void ServeWaiters(absl::Duration now);
  // An answer without leases.
  v1::LeaseGroupsResponse NoLeases() const;
  // Answers those whose time is over.
  void EndWaits(absl::Duration now);
  absl::StatusOr<v1::LeaseGroupsResponse> TryLease(const std::string& actor, uint32_t max_leases,
                                                   absl::Duration now);
  std::optional<v1::Lease> IssueNext(const std::string& actor, absl::Duration now);
  std::optional<v1::Lease> IssueTraining(const std::string& actor, absl::Duration now);
  // Ends a held lease of either kind without a group.
  void CloseHeld(uint64_t lease, v1::LeaseOutcome outcome, const std::string& reason, absl::Duration now);
  void CountFailure(uint64_t group, const std::string& reason, absl::Duration now);

  // desk_submissions.cc
  // Closes a held lease for what its group holds; true: it is stale or filtered, and the call has its answer.
  bool ClosedByItsGroup(uint64_t ticket, const Submission& submission, const Issue& issue);
  void CloseSubmitted(const Submission& submission, v1::LeaseOutcome outcome, const std::string& reason);
  // Of a lease that is held no more, or never was.
  absl::StatusOr<v1::SubmitGroupResponse> AnswerByState(uint64_t lease, uint32_t incarnation) const;
  void AnswerStored(const Storing& storing, const StoredAt& at);
  // Stops the run when `rollout` has drawn all the groups that it may and cannot be filled.
  void CheckRounds(uint64_t rollout);

  const DeskOptions options_;
  DeskOutput output_;
  Ledger ledger_;
  Evaluation evaluation_;
  HeldLeases held_;
  Failures failures_;
  RecentActors actors_;
  std::list<Waiter> waiters_;            // first come, first served
  std::map<uint64_t, Storing> storing_;  // by lease
  uint64_t storing_bytes_ = 0;
  std::optional<uint64_t> published_;
  std::optional<uint64_t> evaluated_;  // the newest evaluation's version: its weights are to be had
  v1::LeaseCounts ended_before_step_;  // Ended() when a rollout was trained last
  bool started_ = false;               // StartIncarnation was called in this process
  bool finished_ = false;
  bool no_more_leases_ = false;  // StopLeasing
  bool closed_ = false;
  absl::Status health_;
};

}  // namespace drover::experience
