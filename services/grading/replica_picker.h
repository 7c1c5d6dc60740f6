// Which of several verifiers the next attempt goes to. Pure: it is told the time, and has no lock.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace drover::grading {

struct ReplicaPickerOptions {
  absl::Duration first_rest =
      absl::Milliseconds(500);  // of a replica in trouble; doubles with each trouble in a row
  absl::Duration longest_rest = absl::Seconds(10);

  absl::Status Validate() const;
};

// Round-robin over replicas 0 to n-1. A replica in trouble (an attempt at it failed, or was overtaken by its hedge) rests
// and is passed over; when its rest is over, one attempt is its trial, and others go on passing it over until that has
// ended. When all rest, the one whose rest ends first is picked: a call always goes somewhere. Not thread-safe.
class ReplicaPicker {
 public:
  ReplicaPicker(size_t replicas, const ReplicaPickerOptions& options);

  size_t Pick(absl::Time now);
  // For a hedge: a replica other than `than` that does not rest; nullopt when there is none. The round goes on as it was.
  std::optional<size_t> PickOther(size_t than, absl::Time now);
  // Whether any replica does not rest.
  bool AnyFit(absl::Time now) const;

  void OnSuccess(size_t replica);
  void OnTrouble(size_t replica, absl::Time now);

 private:
  struct Replica {
    absl::Time rests_until = absl::InfinitePast();
    absl::Duration rest;  // of the next trouble; zero: none yet
  };
  bool Fit(size_t replica, absl::Time now) const { return replicas_[replica].rests_until <= now; }
  // Takes it out of the rotation for its trial, if it has rested.
  size_t Picked(size_t replica, absl::Time now);

  const ReplicaPickerOptions options_;
  std::vector<Replica> replicas_;
  size_t next_ = 0;  // where the search of the next pick begins
};

}  // namespace drover::grading
