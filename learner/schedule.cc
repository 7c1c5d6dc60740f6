#include "learner/schedule.h"

#include <algorithm>

namespace drover::learner {

double WarmUp(double rate, uint64_t step, uint64_t warmup_steps) {
  if (step >= warmup_steps) return rate;
  return rate * (static_cast<double>(step) + 1.0) / static_cast<double>(warmup_steps);
}

double SupervisedLearningRate(const v1::PretrainSettings& settings, uint64_t batch) {
  const double rate = WarmUp(settings.learning_rate(), batch, settings.warmup_steps());
  if (!settings.decay() || batch < settings.warmup_steps()) return rate;
  const double left = static_cast<double>(settings.batches()) - static_cast<double>(batch);
  return rate * std::max(0.0, left) /
         std::max(1.0, static_cast<double>(settings.batches()) - settings.warmup_steps());
}

}  // namespace drover::learner
