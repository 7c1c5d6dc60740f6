// Lines with confidence bands, and points: values over a number.
//
//   title
//   ── first   -- second            legend, only with two series or more
//   % |      _______                each series: band, line, points, as it asks for
//     |  ___/
//     +-----------------
//        x axis title
#pragma once

#include <string>
#include <vector>

#include "plot/axis.h"

namespace drover::plot {

struct XyPoint {
  double x = 0, y = 0;                // a point that is not finite is left out, and the line is broken there
  std::optional<Interval> band = {};  // around y
};

struct XySeries {
  std::string name;  // empty: not in the legend
  std::vector<XyPoint> points;
  bool line = true;
  bool marks = false;     // points of a shape of the series' own; a pointer over one shows its numbers
  bool intervals = true;  // they are drawn; otherwise only a pointer over a mark shows them
  bool whiskers = false;  // the intervals as a whisker a point instead of a band
  bool values = false;    // y is written beside each point
  bool faint = false;     // a thin, pale line: what a trend is drawn over
  // Of 0 to kColours - 1: the series' place in the chart, and its colour's pattern, unless given. With both, series differ in two ways.
  std::optional<size_t> colour = {}, pattern = {};
};

struct XyChart {
  std::string title;
  Axis x, y;
  std::vector<XySeries> series;
};

// An SVG document 760 pixels wide and at least 400 high (a long legend needs more) that is readable in light and dark viewers; valid, with axes, also when there is nothing to draw.
// Values outside of an axis's given ends are drawn at its edge. Points of more than 2,000 to a series are thinned: each of 1,000 columns
// keeps its first, lowest, highest and last one.
std::string ToSvg(const XyChart& chart);

}  // namespace drover::plot
