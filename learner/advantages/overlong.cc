#include "learner/advantages/overlong.h"

namespace drover::learner {

double OverlongReward(int64_t length, const OverlongOptions& options) {
  const int64_t over = length - (options.budget - options.tokens);
  if (options.tokens == 0 || over <= 0) return 0.0;
  return -options.penalty * static_cast<double>(over) / static_cast<double>(options.tokens);
}

}  // namespace drover::learner
