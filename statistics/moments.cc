#include "statistics/moments.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "statistics/distributions.h"

namespace drover::statistics {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double Mean(absl::Span<const double> values) {
  if (values.empty()) return kNan;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Median(std::vector<double> values) {
  if (values.empty()) return kNan;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double SampleVariance(absl::Span<const double> values) {
  if (values.size() < 2) return kNan;
  const double mean = Mean(values);
  double squares = 0, rest = 0;  // `rest` is what rounding left in the mean
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
    rest += value - mean;
  }
  const double n = static_cast<double>(values.size());
  return (squares - rest * rest / n) / (n - 1);
}

double StandardDeviation(absl::Span<const double> values) { return std::sqrt(SampleVariance(values)); }

double StandardError(absl::Span<const double> values) {
  return StandardDeviation(values) / std::sqrt(static_cast<double>(values.size()));
}

Interval MeanInterval(absl::Span<const double> values, double confidence) {
  if (values.size() < 2) return {};
  const double half =
      StudentTQuantile((1 + confidence) / 2, static_cast<double>(values.size() - 1)) * StandardError(values);
  return {Mean(values) - half, Mean(values) + half};
}

}  // namespace drover::statistics
