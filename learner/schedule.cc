#include "learner/schedule.h"

#include <algorithm>
#include <cmath>

namespace drover::learner {

double WarmUp(double rate, uint64_t step, uint64_t warmup_steps) {
  if (step >= warmup_steps) return rate;
  return rate * (static_cast<double>(step) + 1.0) / static_cast<double>(warmup_steps);
}

double SupervisedLearningRate(const v1::PretrainSettings& settings, uint64_t batch) {
  const double rate = WarmUp(settings.learning_rate(), batch, settings.warmup_steps());
  if (!settings.decay() || settings.batches() < 2) return rate;
  constexpr double kFloor = 0.1;
  const double progress =
      std::min(1.0, static_cast<double>(batch) / static_cast<double>(settings.batches() - 1));
  return rate * (kFloor + (1.0 - kFloor) * 0.5 * (1.0 + std::cos(M_PI * progress)));
}

}  // namespace drover::learner
