#include "model/rope.h"

#include <cmath>

namespace drover::model {
namespace {

// Llama 3.1: long wavelengths are divided by `factor`, short ones kept, those between interpolated.
double Stretched(double frequency, const Llama3RopeScaling& scaling) {
  const double turns = static_cast<double>(scaling.original_max_positions) * frequency / (2.0 * M_PI);
  if (turns < scaling.low_freq_factor) return frequency / scaling.factor;
  if (turns > scaling.high_freq_factor) return frequency;
  const double smooth =
      (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1.0 - smooth) * frequency / scaling.factor + smooth * frequency;
}

}  // namespace

std::vector<float> RopeFrequencies(const ModelConfig& config) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < config.head_dim; i += 2) {
    const double exponent = static_cast<double>(i) / static_cast<double>(config.head_dim);
    const double frequency = 1.0 / std::pow(config.rope_theta, exponent);
    frequencies.push_back(
        static_cast<float>(config.rope_scaling ? Stretched(frequency, *config.rope_scaling) : frequency));
  }
  return frequencies;
}

}  // namespace drover::model
