// When a grading call is slow enough to be asked elsewhere too. Pure: no clock, no lock.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace drover::grading {

struct HedgeOptions {
  bool enabled = true;
  double quantile = 0.95;  // of the newest answers' times ...
  double multiplier = 3;   // ... times this is the delay, ...
  absl::Duration floor =
      absl::Milliseconds(100);  // ... at least so much, so that no jitter of the machine hedges,
  absl::Duration ceiling = absl::Seconds(5);  // ... and at most so much
  absl::Duration initial = absl::Seconds(1);  // the delay before there are min_samples answers
  size_t window = 128;                        // newest answers that count
  size_t min_samples = 20;

  absl::Status Validate() const;
};

// Not thread-safe.
class HedgePolicy {
 public:
  explicit HedgePolicy(const HedgeOptions& options) : options_(options) {}

  // An attempt that was answered, and how long that took. Attempts that were cancelled because another one answered first
  // are not observed: when all peers slow down, the winners' times still rise, and the delay with them.
  void Observe(absl::Duration latency);

  // How long an attempt may go unanswered before a second one is sent elsewhere; InfiniteDuration when not enabled.
  absl::Duration Delay() const;

 private:
  const HedgeOptions options_;
  std::vector<absl::Duration> newest_;  // a ring of at most `window`
  size_t next_ = 0;
};

}  // namespace drover::grading
