// An interval, and the one of a share: how far a share that was measured on few questions can be from the one that it stands for.
#pragma once

#include <limits>
#include <string>

namespace drover::statistics {

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  bool Contains(double value) const { return low <= value && value <= high; }
  // Cut to what the quantity can be at all, which takes nothing from how often it holds the truth. An end without bound, which nothing
  // is known of, stays one.
  Interval Within(const Interval& range) const {
    constexpr double kUnbounded = std::numeric_limits<double>::infinity();
    return {low < range.low && low != -kUnbounded ? range.low : low,
            high > range.high && high != kUnbounded ? range.high : high};
  }
};

// Wilson's interval of a share (0 to 1) of `n` independent trials; [0, 1] when there are none. n need not be whole: an effective
// number of trials (clustered.h).
Interval WilsonInterval(double share, double n, double confidence = 0.95);

// "0.512 [0.469, 0.555]": with Wilson's 95 % interval.
std::string ShareText(double share, double n);

}  // namespace drover::statistics
