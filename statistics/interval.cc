#include "statistics/interval.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "statistics/distributions.h"

namespace drover::statistics {

Interval WilsonInterval(double share, double n, double confidence) {
  if (!(n > 0)) return {0, 1};
  const double z = NormalQuantile((1 + confidence) / 2);
  const double spread = 1 + z * z / n;
  const double center = (share + z * z / (2 * n)) / spread;
  const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread;
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

std::string ShareText(double share, double n) {
  const Interval interval = WilsonInterval(share, n);
  return absl::StrFormat("%.3f [%.3f, %.3f]", share, interval.low, interval.high);
}

}  // namespace drover::statistics
