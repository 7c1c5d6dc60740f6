// Jittered exponential backoff. Pure: no clock, no sleep.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "base/random.h"

namespace drover::rpc {

struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(100);  // longest first delay
  absl::Duration max = absl::Seconds(10);            // longest delay ever
  double factor = 2;                                 // growth of the longest delay
};

// Delay n is uniform in [d/2, d), d = min(max, initial * factor^n): half of it is jitter, so that peers which lost the
// same server do not come back at the same moment. Not thread-safe.
class Backoff {
 public:
  // `seed` should differ between processes (their name's hash).
  Backoff(const BackoffOptions& options, uint64_t seed);

  absl::Duration Next();
  // The next delay is a first one again: call it after a success.
  void Reset();

 private:
  BackoffOptions options_;
  RandomStream random_;
  absl::Duration longest_;
};

}  // namespace drover::rpc
