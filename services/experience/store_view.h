// The experience store for those who only look: the run page, metrics, reports. store.h has the picture.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "drover/v1/run.pb.h"

namespace drover::experience {

// A moment's picture.
struct Progress {
  uint32_t incarnation = 0;
  // Accepted groups of the next rollout to be trained, of how many.
  uint64_t groups_accepted = 0;
  uint64_t groups_needed = 0;
  // Leases that actors hold, both kinds.
  uint64_t leases_held = 0;
  // Graded questions of the evaluation in progress, of how many; 0 of 0: there is none.
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

// Thread-safe; changes nothing and never blocks on the disk.
class StoreView {
 public:
  virtual ~StoreView() = default;

  // Training leases; leased is the sum of the others at any moment.
  virtual v1::LeaseCounts Counts() const = 0;
  // Evaluation leases of this process, counted apart; `trained` counts the graded ones.
  virtual v1::LeaseCounts EvaluationCounts() const = 0;
  // v1::RunState.since_step.
  virtual v1::LeaseCounts EndedSinceStep() const = 0;
  virtual Progress GetProgress() const = 0;
  // OK, or why the store takes nothing any more (a disk error): the learner has to stop and start again.
  virtual absl::Status Health() const = 0;
};

}  // namespace drover::experience
