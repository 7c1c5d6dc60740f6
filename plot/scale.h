// Where values stand on an axis, and which of them are written beside it. Pure arithmetic.
#pragma once

#include <string>
#include <vector>

namespace drover::plot {

// A value that can be drawn: finite and within ±1e100, so that differences and products of such values are finite, too.
bool Drawable(double value);

struct Range {
  double low = 0, high = 1;  // low < high, both drawable
};

// The smallest range that holds the drawable ones of `values`; [0, 1] when there are none. A single value gets a range around it.
Range RangeOf(const std::vector<double>& values);

// 1, 2 or 5 times a power of ten: the smallest of these that cuts `range` into at most `most` parts (at least 1).
double TickDistance(Range range, int most);

// `range` with its ends moved outwards to multiples of `distance`; an end of zero stays zero.
Range Widened(Range range, double distance);

// The multiples of `distance` within `range`, in order; at most 100 of them.
std::vector<double> Ticks(Range range, double distance);

// `value` with as many decimals as neighbours at `distance` need to differ, and a comma every three digits from 10,000 on; with
// `percent`, the value times 100 and " %". Numbers beyond 1e9, or closer than 1e-6, are written with an exponent.
std::string TickText(double value, double distance, bool percent);

// A linear map from `range` to pixels; what lies outside of the range is drawn at its edge.
struct Scale {
  Range range;
  double from = 0, to = 1;  // pixels of range.low and range.high
  double At(double value) const;
};

}  // namespace drover::plot
