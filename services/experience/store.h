// The learner's store of experience: leases prompts to actors, takes graded groups, keeps them on disk until a
// checkpoint covers them, and hands whole rollouts to the training loop in lease order.
//
//   actors ── LeaseGroups ──▶ ┌────────────────────── store ──────────────────────┐ ── WaitForRollout ──▶ training
//          ── SubmitGroup ──▶ │ queue ▶ keeper ▶ groups-N.log ▶ events.log ▶ ledger │ ◀─ MarkTrained, Publish ─ loop
//                             └────────────────────────────────────────────────────┘ ◀─ MarkCheckpoint
//
//   loop            consumes                         waits for                       unblocked by
//   keeper          submitted groups, deadlines      a submission or a deadline      SubmitGroup, the clock
//   a long poll     leases                           a group that may be leased      Publish, a lease that ended
//   training loop   a rollout's groups               all its groups are durable      the keeper
//
// Every decision about a lease is the ledger's (ledger.h); the store adds what the ledger may not know: the clock, the
// disk, threads, the prompts themselves. docs/reference/staleness.md derives when a lease may be issued.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/run.pb.h"
#include "services/experience/store_options.h"

namespace drover::experience {

// A moment's picture, for the run page and metrics.
struct Progress {
  uint32_t incarnation = 0;
  // Rollouts trained on the surviving line; also the number of the next rollout.
  uint64_t trained_version = 0;
  // Accepted groups of that next rollout, of how many.
  uint64_t groups_accepted = 0;
  uint64_t groups_needed = 0;
  // Leases that actors hold, both kinds.
  uint64_t leases_held = 0;
  uint64_t evaluation_done = 0;
  uint64_t evaluation_total = 0;
  // Actors heard of in the last minute.
  uint32_t actors = 0;
  // Long polls that wait for a lease.
  uint64_t waiting_calls = 0;
  // Submitted groups that wait for the disk.
  uint64_t queued_groups = 0;
  uint64_t queued_bytes = 0;
};

// Thread-safe. Actor-facing calls may come from any thread and never block on the disk.
class ExperienceStore {
 public:
  // Opens the run's journal (creating it for a new run) and replays it. No lease is issued before
  // StartIncarnation and Publish. Errors: a damaged journal (DATA_LOSS: file, offset, what to do), another process has it
  // open (UNAVAILABLE), wrong options (INVALID_ARGUMENT).
  static absl::StatusOr<std::unique_ptr<ExperienceStore>> Open(StoreOptions options);
  // Finishes waiting calls with UNAVAILABLE. No call may be in progress on another thread.
  virtual ~ExperienceStore() = default;

  // --- The training loop's side -------------------------------------------------------------------------------------

  // Starts the next incarnation from the weights of `version` (0 in a new run): rollouts trained after it are undone,
  // their groups wait again; leases held by actors are expired. FAILED_PRECONDITION when the journal no longer has
  // the groups to go on from `version` (it is older than a durable checkpoint) or never reached it.
  virtual absl::Status StartIncarnation(uint64_t version) = 0;
  // The weights of `version` are there for actors: call it once they can be fetched. It must be the trained version
  // (StartIncarnation's, or the last MarkTrained's).
  virtual absl::Status Publish(uint64_t version) = 0;
  // All groups of `rollout`, which must be the next to train, in lease order, fit for training (StoreOptions::
  // group_limits). DEADLINE_EXCEEDED when they are not there after `timeout`, or some that were stored are damaged or
  // unfit and so leased again (call again); FAILED_PRECONDITION or the disk's error when they never will be.
  virtual absl::StatusOr<std::vector<v1::Group>> WaitForRollout(uint64_t rollout, absl::Duration timeout) = 0;
  // The optimizer steps [first, last] (from 1 over the surviving line; last may be first - 1 when all were skipped)
  // took `rollout`'s groups and made `version` = rollout + 1. Durable when it returns.
  virtual absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                                   uint64_t last_optimizer_step) = 0;
  // The checkpoint of `version` at `path` is durable, and the run will never go back behind it. Frees the disk space of
  // groups that it covers. A version before the one of an earlier call changes nothing.
  virtual absl::Status MarkCheckpoint(uint64_t version, const std::string& path) = 0;

  // Leases `prompts` for evaluation, each once, before any training lease; they are served with exactly `version`,
  // which must be the published one. Replaces an evaluation in progress. `sampling.seed` and the rest as given.
  virtual absl::Status BeginEvaluation(std::vector<v1::Prompt> prompts, uint64_t version,
                                       const v1::SamplingParams& sampling) = 0;
  // The graded groups in the order of the prompts; ends the evaluation. DEADLINE_EXCEEDED: call again.
  virtual absl::StatusOr<std::vector<v1::Group>> WaitForEvaluation(absl::Duration timeout) = 0;

  // The run is over: waiting and later lease requests are answered `finished`.
  virtual void Finish() = 0;
  // This process ends, the run does not: unless the run is over, waiting and later lease requests are answered
  // UNAVAILABLE, so that actors wait for the next incarnation. What they hold they may still submit and return.
  virtual void StopLeasing() = 0;

  // --- Pictures -----------------------------------------------------------------------------------------------------

  // Training leases; leased is the sum of the others at any moment.
  virtual v1::LeaseCounts Counts() const = 0;
  // Evaluation leases of this process, counted apart; `trained` counts the graded ones.
  virtual v1::LeaseCounts EvaluationCounts() const = 0;
  // v1::RunState.since_step.
  virtual v1::LeaseCounts EndedSinceStep() const = 0;
  virtual Progress GetProgress() const = 0;
  // OK, or why the store takes nothing any more (a disk error): the learner has to stop and start again.
  virtual absl::Status Health() const = 0;

  // --- The actors' side (service.h validates the requests) ----------------------------------------------------------

  using LeaseDone = std::function<void(absl::StatusOr<v1::LeaseGroupsResponse>)>;
  using SubmitDone = std::function<void(absl::StatusOr<v1::SubmitGroupResponse>)>;

  // Calls `done` once, now or when there is a lease or the wait is over. Returns a ticket for CancelLease. `done` may
  // run on any thread, before this returns too; it must not block.
  virtual uint64_t LeaseGroups(const v1::LeaseGroupsRequest& request, LeaseDone done) = 0;
  // True: `done` of that ticket will never be called. False: it was called, or is about to be.
  virtual bool CancelLease(uint64_t ticket) = 0;
  virtual absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) = 0;
  virtual absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) = 0;
  // Calls `done` once the outcome is durable. INVALID_ARGUMENT names the field; UNAVAILABLE: nothing was kept,
  // try again.
  virtual void SubmitGroup(v1::SubmitGroupRequest request, SubmitDone done) = 0;
};

}  // namespace drover::experience
