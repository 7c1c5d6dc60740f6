#include "services/run/interval.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace drover::run {

Interval ShareInterval(double share, double n) {
  if (n <= 0) return {};
  constexpr double z = 1.959963984540054;  // the normal distribution's 97.5th percentile
  const double spread = 1 + z * z / n;
  const double center = (share + z * z / (2 * n)) / spread;
  const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread;
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

std::string ShareText(double share, double n) {
  const Interval interval = ShareInterval(share, n);
  return absl::StrFormat("%.3f [%.3f, %.3f]", share, interval.low, interval.high);
}

}  // namespace drover::run
