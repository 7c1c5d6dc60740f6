// What the charts of plot/ have in common.
#pragma once

#include <optional>
#include <string>

namespace drover::plot {

struct Axis {
  std::string title;                // what is measured, with its unit: "response length (tokens)"
  std::optional<double> low, high;  // the ends; what is left out follows from the values
  bool percent = false;             // values are shares: 0.25 is written "25 %"
};

// A confidence interval; not drawn where an end is not finite.
struct Interval {
  double low = 0, high = 0;
};

}  // namespace drover::plot
