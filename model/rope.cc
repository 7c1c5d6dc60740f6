#include "model/rope.h"

#include <algorithm>
#include <cmath>

namespace drover::model {
namespace {

// Without scaling: theta^(-2i / d) for i = 0 .. d/2 - 1.
std::vector<double> PlainFrequencies(double theta, int64_t rotated) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < rotated; i += 2) {
    frequencies.push_back(1.0 / std::pow(theta, static_cast<double>(i) / static_cast<double>(rotated)));
  }
  return frequencies;
}

double Stretched(double frequency, const Llama3RopeScaling& scaling) {
  const double turns = static_cast<double>(scaling.original_max_positions) * frequency / (2.0 * M_PI);
  if (turns < scaling.low_freq_factor) return frequency / scaling.factor;
  if (turns > scaling.high_freq_factor) return frequency;
  const double smooth =
      (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1.0 - smooth) * frequency / scaling.factor + smooth * frequency;
}

// Scales the plain frequencies in place; returns what rotated numbers are multiplied by.
struct Scaler {
  const RopeConfig& rope;
  const int64_t rotated;
  std::vector<double>& frequencies;

  double operator()(const std::monostate&) const { return 1.0; }
  double operator()(const DynamicRopeScaling&) const { return 1.0; }

  double operator()(const LinearRopeScaling& scaling) const {
    for (double& frequency : frequencies) frequency /= scaling.factor;
    return 1.0;
  }

  double operator()(const Llama3RopeScaling& scaling) const {
    for (double& frequency : frequencies) frequency = Stretched(frequency, scaling);
    return 1.0;
  }

  double operator()(const YarnRopeScaling& scaling) const {
    const double last = static_cast<double>(rotated) - 1.0;
    const double low = std::max(IndexOfTurns(scaling, scaling.beta_fast, &std::floor), 0.0);
    const double high = std::min(IndexOfTurns(scaling, scaling.beta_slow, &std::ceil), last);
    const double width = high == low ? 0.001 : high - low;
    for (size_t i = 0; i < frequencies.size(); ++i) {
      const double blend = std::clamp((static_cast<double>(i) - low) / width, 0.0, 1.0);
      frequencies[i] *= (1.0 - blend) + blend / scaling.factor;
    }
    return scaling.attention_factor;
  }

  double operator()(const LongRopeScaling& scaling) const {
    for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= scaling.short_factors[i];
    return scaling.attention_factor;
  }

  // The index at which a frequency makes so many turns in the original context: theta^(-2i / d) = 2 pi turns / context.
  double IndexOfTurns(const YarnRopeScaling& scaling, double turns, double (*whole)(double)) const {
    const double context = static_cast<double>(scaling.original_max_positions);
    const double index = static_cast<double>(rotated) * std::log(context / (turns * 2.0 * M_PI)) /
                         (2.0 * std::log(rope.theta));
    return scaling.truncate ? whole(index) : index;
  }
};

}  // namespace

int64_t RotatedNumbers(const RopeConfig& rope, int64_t head_dim) {
  return static_cast<int64_t>(static_cast<double>(head_dim) * rope.rotated_share);
}

RopeDescription DescribeRope(const RopeConfig& rope, int64_t head_dim) {
  const int64_t rotated = RotatedNumbers(rope, head_dim);
  std::vector<double> frequencies = PlainFrequencies(rope.theta, rotated);
  RopeDescription description;
  description.scale = std::visit(Scaler{rope, rotated, frequencies}, rope.scaling);
  for (const double frequency : frequencies) {
    description.frequencies.push_back(static_cast<float>(frequency));
  }
  return description;
}

}  // namespace drover::model
