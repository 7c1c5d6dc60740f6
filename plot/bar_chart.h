// Grouped bars with intervals: values of several series (templates, models) in several categories (temperatures, benchmarks).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plot/axis.h"

namespace drover::plot {

struct Bar {
  double value = 0;  // not finite: no bar
  std::optional<Interval> interval = {};
};

struct BarSeries {
  std::string name;       // empty: not in the legend
  std::vector<Bar> bars;  // one a category, in their order; missing ones at the end are left out
};

struct BarChart {
  std::string title;
  std::string x_title;
  Axis y;  // zero is always on it
  std::vector<std::string> categories;
  std::vector<BarSeries> series;
  bool values = true;  // the value is written over each bar where there is room
};

// An SVG document 760 pixels wide and at least 400 high, readable in light and dark viewers; valid also when there is nothing to draw.
std::string ToSvg(const BarChart& chart);

}  // namespace drover::plot
