#include "statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "statistics/distributions.h"
#include "statistics/moments.h"

namespace drover::statistics {
namespace {

double ResampledMean(absl::Span<const double> values, RandomStream& random) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) sum += values[random.Below(values.size())];
  return sum / static_cast<double>(values.size());
}

// The p-th quantile of sorted values, linear between neighbours (R's type 7).
double Quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Sums over the jackknife's influences u of a mean, Σ u² / n² and Σ u³ / n³ (leaving value i out moves the mean by u = (x_i - mean) / (n - 1),
// taken n - 1 times).
struct Influence {
  double squares = 0;
  double cubes = 0;

  void Add(absl::Span<const double> values, double sign) {
    const double mean = Mean(values), n = static_cast<double>(values.size());
    for (const double value : values) {
      const double u = sign * (value - mean) / n;
      squares += u * u;
      cubes += u * u * u;
    }
  }
  double Acceleration() const { return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0; }
};

// `z0` is how far the estimate is from the resampled estimates' median, ties counted as half.
double BiasCorrection(const std::vector<double>& sorted, double estimate) {
  const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), estimate);
  const double below = static_cast<double>(low - sorted.begin()) + static_cast<double>(high - low) / 2;
  const double n = static_cast<double>(sorted.size());
  return NormalQuantile(std::clamp(below / n, 0.5 / n, 1 - 0.5 / n));
}

double Corrected(double p, double z0, double acceleration) {
  const double z = z0 + NormalQuantile(p);
  return NormalCdf(z0 + z / (1 - acceleration * z));
}

BootstrapIntervals FromResamples(std::vector<double> resampled, double estimate, const Influence& influence,
                                 double confidence) {
  std::sort(resampled.begin(), resampled.end());
  const double low = (1 - confidence) / 2, high = (1 + confidence) / 2;
  const double z0 = BiasCorrection(resampled, estimate), a = influence.Acceleration();
  return {estimate,
          {Quantile(resampled, low), Quantile(resampled, high)},
          {Quantile(resampled, Corrected(low, z0, a)), Quantile(resampled, Corrected(high, z0, a))}};
}

}  // namespace

BootstrapIntervals BootstrapMean(absl::Span<const double> values, const BootstrapOptions& options) {
  const double estimate = Mean(values);
  if (values.size() < 2 || options.resamples == 0) return {estimate, {}, {}};
  RandomStream random(options.seed, RandomPurpose::kResampling, 1);
  std::vector<double> resampled(options.resamples);
  for (double& mean : resampled) mean = ResampledMean(values, random);
  Influence influence;
  influence.Add(values, 1);
  return FromResamples(std::move(resampled), estimate, influence, options.confidence);
}

BootstrapIntervals BootstrapDifference(absl::Span<const double> first, absl::Span<const double> second,
                                       const BootstrapOptions& options) {
  const double estimate = Mean(first) - Mean(second);
  if (first.size() < 2 || second.size() < 2 || options.resamples == 0) return {estimate, {}, {}};
  RandomStream random(options.seed, RandomPurpose::kResampling, 2);
  std::vector<double> resampled(options.resamples);
  for (double& difference : resampled) {
    const double mean = ResampledMean(first, random);
    difference = mean - ResampledMean(second, random);
  }
  Influence influence;
  influence.Add(first, 1);
  influence.Add(second, -1);
  return FromResamples(std::move(resampled), estimate, influence, options.confidence);
}

}  // namespace drover::statistics
