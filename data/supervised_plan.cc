#include "data/supervised_plan.h"

#include <algorithm>

namespace drover::data {

SupervisedPlan::SupervisedPlan(const v1::SupervisedSettings& settings, uint64_t seed, uint64_t size,
                               const std::function<uint64_t(uint64_t)>& length)
    : order_(seed, size) {
  const uint64_t all = settings.epochs() * size;
  const uint64_t most_steps = settings.steps() == 0 ? all : settings.steps();
  for (uint64_t n = 0; n < all && steps() < most_steps;) {
    uint64_t tokens = 0;
    const uint64_t begin = n, most = std::min<uint64_t>(all, begin + settings.batch_examples());
    do {
      tokens += length(order_.At(n++));
    } while (n < most &&
             (settings.batch_tokens() == 0 || tokens + length(order_.At(n)) <= settings.batch_tokens()));
    begins_.push_back(n);
  }
}

std::vector<uint64_t> SupervisedPlan::Examples(uint64_t step) const {
  std::vector<uint64_t> examples;
  for (uint64_t n = begins_[step]; n < begins_[step + 1]; ++n) examples.push_back(order_.At(n));
  return examples;
}

}  // namespace drover::data
