// In which order a data set's questions are trained on.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace drover::data {

// Epoch after epoch, each a permutation of its own of the whole data set: the nth prompt is entry n mod size of epoch
// n / size. A pure function of (seed, size, n). Thread-safe; the permutation of one epoch is kept, so n should mostly
// go up.
class PromptOrder {
 public:
  // 0 < size <= 2^32.
  PromptOrder(uint64_t seed, uint64_t size) : seed_(seed), size_(size) {}

  // In [0, size).
  uint64_t At(uint64_t n) const;

 private:
  const uint64_t seed_;
  const uint64_t size_;
  mutable absl::Mutex mutex_;
  mutable uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::vector<uint32_t> permutation_
      ABSL_GUARDED_BY(mutex_);  // of epoch_; empty before the first call
};

}  // namespace drover::data
