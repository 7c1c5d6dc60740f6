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
// Who calls it sees a side of it: the training loop RolloutStore, actors LeaseStore, those who only look StoreView.
//
// Every decision about a lease is the ledger's (ledger.h); the store adds what the ledger may not know: the clock, the
// disk, threads, the prompts themselves. docs/reference/staleness.md derives when a lease may be issued.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "services/experience/lease_store.h"
#include "services/experience/rollout_store.h"
#include "services/experience/store_options.h"
#include "services/experience/store_view.h"

namespace drover::experience {

class ExperienceStore : public RolloutStore, public LeaseStore, public StoreView {
 public:
  // Opens the run's journal (creating it for a new run) and replays it. No lease is issued before
  // StartIncarnation and Publish. Errors: a damaged journal (DATA_LOSS: file, offset, what to do), another process has it
  // open (UNAVAILABLE), wrong options (INVALID_ARGUMENT).
  static absl::StatusOr<std::unique_ptr<ExperienceStore>> Open(StoreOptions options);
  // Finishes waiting calls with UNAVAILABLE. No call may be in progress on another thread.
  ~ExperienceStore() override = default;
};

}  // namespace drover::experience
