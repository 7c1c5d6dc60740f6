// What a run tells of itself while it goes round: that its loop lives, to the other ranks that rank 0 does, what its time
// went into, how long it has gone on.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process {

// Not thread-safe.
class RunPulse {
 public:
  // `parts` outlives it.
  explicit RunPulse(const RunParts& parts);

  // The run went on for so long before this start.
  void Add(double seconds) { earlier_seconds_ += seconds; }

  // Goes round; the next time comes after `work` and a while.
  void Beat(absl::Duration work = absl::ZeroDuration()) { parts_.beat(work); }
  // Goes round, and counts the time since the last count as spent so. The run's clock is written every few seconds.
  void Spend(metrics::Activity activity);
  // While waiting: goes round, and the other ranks hear from us every five seconds, or we find out that one of them is
  // gone.
  absl::Status KeepRanks();
  // They just heard from us, by an update.
  void RanksHeard() { ranks_heard_ = parts_.now(); }
  // Writes down how long the run has gone on. One that cannot be written is only logged.
  void KeepClock();

  // Since the run began, earlier starts included.
  double Seconds() const { return earlier_seconds_ + Since(parts_.started); }
  double Since(absl::Time time) const { return absl::ToDoubleSeconds(parts_.now() - time); }

 private:
  const RunParts& parts_;
  double earlier_seconds_ = 0;
  absl::Time counted_until_;  // of Spend
  absl::Time ranks_heard_;
  absl::Time clock_written_ = absl::InfinitePast();
};

}  // namespace drover::learner_process
