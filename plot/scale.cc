#include "plot/scale.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drover::plot {
namespace {

constexpr double kLargest = 1e100;
constexpr int kMostTicks = 100;
constexpr double kSlack = 1e-9;  // of a tick distance: what rounding may move a tick by

std::string WithCommas(const std::string& digits) {
  const size_t point = std::min(digits.find('.'), digits.size());
  const size_t first = digits[0] == '-' ? 1 : 0;
  if (point - first < 5) return digits;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && i < point && (point - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace

bool Drawable(double value) { return std::isfinite(value) && std::abs(value) <= kLargest; }

Range RangeOf(const std::vector<double>& values) {
  Range range{kLargest, -kLargest};
  for (double value : values) {
    if (!Drawable(value)) continue;
    range = {std::min(range.low, value), std::max(range.high, value)};
  }
  if (range.low > range.high) return {};
  // Values closer than doubles can be told apart by a few ticks count as one.
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low > size * 1e-12) return range;
  const double around = size == 0 ? 0.5 : size * 0.1;
  return {range.low - around, range.high + around};
}

double TickDistance(Range range, int most) {
  const double raw = (range.high - range.low) / std::max(most, 1);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - kSlack)) return factor * power;
  }
  return 10 * power;
}

Range Widened(Range range, double distance) {
  return {std::floor(range.low / distance + kSlack) * distance,
          std::ceil(range.high / distance - kSlack) * distance};
}

std::vector<double> Ticks(Range range, double distance) {
  std::vector<double> ticks;
  const double first = std::ceil(range.low / distance - kSlack);
  for (int i = 0; i < kMostTicks; ++i) {
    const double tick = (first + i) * distance;
    if (tick > range.high + kSlack * distance) break;
    ticks.push_back(tick == 0 ? 0 : tick);  // no -0
  }
  return ticks;
}

std::string TickText(double value, double distance, bool percent) {
  const double shown = percent ? value * 100 : value;
  const double step = std::abs(percent ? distance * 100 : distance);
  const char* unit = percent ? " %" : "";
  if (std::abs(shown) >= 1e9 || step < 1e-6) return absl::StrFormat("%.6g%s", shown, unit);
  const int decimals = static_cast<int>(std::max(0.0, std::ceil(-std::log10(step) - kSlack)));
  return absl::StrCat(WithCommas(absl::StrFormat("%.*f", decimals, shown)), unit);
}

double Scale::At(double value) const {
  const double inside = std::clamp(value, range.low, range.high);
  return from + (inside - range.low) / (range.high - range.low) * (to - from);
}

}  // namespace drover::plot
