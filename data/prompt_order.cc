#include "data/prompt_order.h"

#include <numeric>

#include "base/random.h"

namespace drover::data {

uint64_t PromptOrder::At(uint64_t n) const {
  const uint64_t epoch = n / size_;
  absl::MutexLock lock(&mutex_);
  if (permutation_.empty() || epoch_ != epoch) {
    permutation_.resize(size_);
    std::iota(permutation_.begin(), permutation_.end(), 0u);
    RandomStream random(seed_, RandomPurpose::kPromptOrder, epoch);
    Shuffle(permutation_, random);
    epoch_ = epoch;
  }
  return permutation_[n % size_];
}

}  // namespace drover::data
