#include "statistics/paired.h"

#include <algorithm>
#include <cmath>

#include "statistics/distributions.h"
#include "statistics/moments.h"

namespace drover::statistics {

double SignTest(uint64_t wins, uint64_t losses) {
  const auto fewer = static_cast<int64_t>(std::min(wins, losses));
  const auto all = static_cast<int64_t>(wins + losses);
  return std::min(1.0, 2 * BinomialCdf(fewer, all, 0.5));
}

double McNemarTest(uint64_t only_first, uint64_t only_second) { return SignTest(only_first, only_second); }

PairedT PairedTTest(absl::Span<const double> differences, double confidence) {
  PairedT result;
  result.difference = Mean(differences);
  result.interval = MeanInterval(differences, confidence);
  if (differences.size() < 2) return result;
  result.t = result.difference == 0 ? 0 : result.difference / StandardError(differences);
  result.p = StudentTTwoSided(result.t, static_cast<double>(differences.size() - 1));
  return result;
}

}  // namespace drover::statistics
