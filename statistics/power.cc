#include "statistics/power.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/distributions.h"
#include "statistics/paired.h"

namespace drover::statistics {
namespace {

double TwoSidedTPower(double noncentrality, double df, double alpha) {
  const double critical = StudentTQuantile(1 - alpha / 2, df);
  const double power =
      1 - NoncentralTCdf(critical, df, noncentrality) + NoncentralTCdf(-critical, df, noncentrality);
  return std::clamp(power, 0.0, 1.0);
}

}  // namespace

double PairedTPower(double effect, double sd, uint64_t n, double alpha) {
  if (n < 2) return 0;
  const double count = static_cast<double>(n);
  return TwoSidedTPower(effect / sd * std::sqrt(count), count - 1, alpha);
}

double WelchPower(double effect, double sd_first, uint64_t n_first, double sd_second, uint64_t n_second,
                  double alpha) {
  if (n_first < 2 || n_second < 2) return 0;
  const double n = static_cast<double>(n_first), m = static_cast<double>(n_second);
  const double a = sd_first * sd_first / n, b = sd_second * sd_second / m;
  const double df = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
  return TwoSidedTPower(effect / std::sqrt(a + b), df, alpha);
}

double SignTestPower(double share, uint64_t n, double alpha) {
  double power = 0;
  for (uint64_t wins = 0; wins <= n; ++wins) {
    if (SignTest(wins, n - wins) <= alpha)
      power += BinomialPmf(static_cast<int64_t>(wins), static_cast<int64_t>(n), share);
  }
  return std::min(1.0, power);
}

double McNemarPower(double only_first, double only_second, uint64_t n, double alpha) {
  const double discordant = only_first + only_second;
  if (discordant <= 0) return 0;
  double power = 0;
  for (uint64_t m = 0; m <= n; ++m) {
    const double chance =
        BinomialPmf(static_cast<int64_t>(m), static_cast<int64_t>(n), std::min(1.0, discordant));
    if (chance > 1e-12) power += chance * SignTestPower(only_first / discordant, m, alpha);
  }
  return std::min(1.0, power);
}

double SimulatedPower(const std::function<double(RandomStream&)>& p_value, uint64_t tries, uint64_t seed,
                      double alpha) {
  uint64_t found = 0;
  for (uint64_t i = 0; i < tries; ++i) {
    RandomStream random(seed, RandomPurpose::kResampling, 3 + i);
    if (p_value(random) <= alpha) ++found;
  }
  return tries == 0 ? 0 : static_cast<double>(found) / static_cast<double>(tries);
}

double DrawNormal(RandomStream& random) { return NormalQuantile(random.Uniform() + 0x1p-54); }

double SmallestDetectableEffect(const std::function<double(double effect)>& power_of, double power) {
  double high = 1;
  while (power_of(high) < power && high < 1e12) high *= 2;
  if (power_of(high) < power) return std::numeric_limits<double>::infinity();
  while (high > 1e-12 && power_of(high / 2) >= power) high /= 2;
  double low = high / 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (power_of(middle) >= power ? high : low) = middle;
  }
  return high;
}

}  // namespace drover::statistics
