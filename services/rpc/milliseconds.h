// Durations as gRPC's integer options take them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace drover::rpc {

// Infinite and longer than 24 days: INT_MAX, which gRPC takes for infinite.
inline int Milliseconds(absl::Duration duration) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  return static_cast<int>(std::clamp<int64_t>(ms, 0, std::numeric_limits<int>::max()));
}

}  // namespace drover::rpc
