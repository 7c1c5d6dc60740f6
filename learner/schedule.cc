#include "learner/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

double SupervisedLearningRate(const v1::SupervisedSettings& settings, uint64_t step, uint64_t steps) {
  const uint64_t warmup = settings.warmup_steps();
  const double rate = WarmUp(settings.learning_rate(), step, warmup);
  if (step < warmup || steps <= warmup || settings.schedule() == v1::STEADY) return rate;
  const double x = std::min(1.0, static_cast<double>(step - warmup) / static_cast<double>(steps - warmup));
  const double left =
      settings.schedule() == v1::LINEAR ? 1.0 - x : (1.0 + std::cos(std::numbers::pi * x)) / 2.0;
  return rate * (settings.final_rate() + (1.0 - settings.final_rate()) * left);
}

}  // namespace drover::learner
