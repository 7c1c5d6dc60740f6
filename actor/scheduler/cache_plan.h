// How much memory keys and values get: arithmetic.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace drover::actor {

struct CacheWishes {
  int64_t max_batch = 1;  // responses that run at a time
  int64_t max_context =
      0;  // tokens of prompt and response that a response must be able to have; 0: what fits
  int64_t max_positions = 1;  // that the model knows
  int64_t cache_bytes = 0;    // the budget; 0: `default_bytes`, or less where less is enough
  int64_t default_bytes = 0;
  int64_t page_bytes = 1;
};

// CacheWishes::default_bytes of a device with `free` bytes: a quarter of a host's memory, which has other things to do, and half of
// a GPU's, parted among the `ranks` of the engine that are, or may be, on it.
int64_t DefaultCacheBytes(int64_t free, bool gpu, int ranks);

struct CachePlan {
  int32_t pages = 0;    // enough for max_batch responses of `context` tokens, or what the budget allows
  int64_t context = 0;  // tokens of one response at most: it fits in the pages by itself
};

// INVALID_ARGUMENT, with the numbers, for a budget in which not one response fits.
absl::StatusOr<CachePlan> PlanCache(const CacheWishes& wishes);

}  // namespace drover::actor
