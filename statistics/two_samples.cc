#include "statistics/two_samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "statistics/distributions.h"
#include "statistics/moments.h"

namespace drover::statistics {
namespace {

constexpr size_t kMostExact = 60;

// Twice the rank (from 1) of each value of both samples, first's before second's; equal values share the mean of their ranks. `ties` gets
// Σ t³ - t over groups of t equal values.
std::vector<int64_t> DoubledRanks(absl::Span<const double> first, absl::Span<const double> second,
                                  double& ties) {
  std::vector<std::pair<double, size_t>> order;
  for (const double value : first) order.emplace_back(value, order.size());
  for (const double value : second) order.emplace_back(value, order.size());
  std::sort(order.begin(), order.end());
  std::vector<int64_t> ranks(order.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && order[end].first == order[begin].first) ++end;
    const double t = static_cast<double>(end - begin);
    ties += t * t * t - t;
    for (size_t i = begin; i < end; ++i) ranks[order[i].second] = static_cast<int64_t>(begin + 1 + end);
  }
  return ranks;
}

// The share of the choices of `chosen` of the ranks whose sum is at least as far from the mean as `observed`.
double ExactRankSum(const std::vector<int64_t>& ranks, size_t chosen, int64_t observed) {
  int64_t all = 0;
  for (const int64_t rank : ranks) all += rank;
  const auto width = static_cast<size_t>(all) + 1;
  std::vector<double> ways((chosen + 1) * width, 0.0);  // [how many][their sum]
  ways[0] = 1;
  for (const int64_t rank : ranks) {
    for (size_t many = chosen; many-- > 0;) {
      for (size_t sum = width - static_cast<size_t>(rank); sum-- > 0;) {
        ways[(many + 1) * width + sum + static_cast<size_t>(rank)] += ways[many * width + sum];
      }
    }
  }
  // The mean is chosen · all / n: compared as n · sum, in whole numbers.
  const auto n = static_cast<int64_t>(ranks.size());
  const int64_t mean = static_cast<int64_t>(chosen) * all;
  const int64_t far = std::abs(n * observed - mean);
  double extreme = 0, total = 0;
  for (size_t sum = 0; sum < width; ++sum) {
    const double count = ways[chosen * width + sum];
    total += count;
    if (std::abs(n * static_cast<int64_t>(sum) - mean) >= far) extreme += count;
  }
  return extreme / total;
}

// With the corrections for continuity and ties.
double NormalRankSum(double u, double n, double m, double ties) {
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const double z = std::max(0.0, std::abs(u - n * m / 2) - 0.5) / std::sqrt(variance);
  return std::min(1.0, 2 * NormalCdf(-z));
}

}  // namespace

Welch WelchTest(absl::Span<const double> first, absl::Span<const double> second, double confidence) {
  Welch result;
  result.difference = Mean(first) - Mean(second);
  if (first.size() < 2 || second.size() < 2) return result;
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double a = SampleVariance(first) / n, b = SampleVariance(second) / m;
  if (a + b <= 0) {
    result.t = result.difference == 0
                   ? 0
                   : std::copysign(std::numeric_limits<double>::infinity(), result.difference);
    result.p = result.difference == 0 ? 1 : 0;
    result.interval = {result.difference, result.difference};
    return result;
  }
  const double error = std::sqrt(a + b);
  result.t = result.difference / error;
  result.df = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
  result.p = StudentTTwoSided(result.t, result.df);
  const double half = StudentTQuantile((1 + confidence) / 2, result.df) * error;
  result.interval = {result.difference - half, result.difference + half};
  return result;
}

MannWhitney MannWhitneyTest(absl::Span<const double> first, absl::Span<const double> second) {
  MannWhitney result;
  result.superiority = 0.5;
  if (first.empty() || second.empty()) return result;
  double ties = 0;
  const std::vector<int64_t> ranks = DoubledRanks(first, second, ties);
  int64_t rank_sum = 0;
  for (size_t i = 0; i < first.size(); ++i) rank_sum += ranks[i];
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  result.u = static_cast<double>(rank_sum) / 2 - n * (n + 1) / 2;
  result.superiority = result.u / (n * m);
  result.exact = ranks.size() <= kMostExact;
  result.p = result.exact ? ExactRankSum(ranks, first.size(), rank_sum) : NormalRankSum(result.u, n, m, ties);
  return result;
}

}  // namespace drover::statistics
