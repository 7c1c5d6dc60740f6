#include "services/rpc/backoff.h"

#include <algorithm>

namespace drover::rpc {

Backoff::Backoff(const BackoffOptions& options, uint64_t seed)
    : options_(options), random_(seed, RandomPurpose::kBackoff, 0), longest_(options.initial) {
  Reset();
}

absl::Duration Backoff::Next() {
  const absl::Duration delay = longest_ * (0.5 + 0.5 * random_.Uniform());
  longest_ = std::min(options_.max, longest_ * options_.factor);
  return delay;
}

void Backoff::Reset() { longest_ = std::min(options_.initial, options_.max); }

}  // namespace drover::rpc
