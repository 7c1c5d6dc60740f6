// What surrounds the values of a chart: title, legend, grid, axes with ticks and titles. Shared by the charts of plot/.
#pragma once

#include <string>
#include <vector>

#include "plot/axis.h"
#include "plot/canvas.h"
#include "plot/scale.h"

namespace drover::plot {

struct LegendEntry {
  std::string name;
  size_t colour = 0, pattern = 0;
  bool line = false;  // drawn as a line
  bool mark = false;  // drawn as a mark; with neither as a box
};

// The pixels between which values are drawn.
struct Area {
  double left = 0, right = 0, top = 0, bottom = 0;
};

// An axis whose range and tick distance are decided.
struct FittedAxis {
  Axis axis;
  Range range;
  double distance = 1;  // of ticks
  std::string Text(double tick) const { return TickText(tick, distance, axis.percent); }
};

// Ends that the axis names stay; the others are those of `values`, moved outwards to ticks. `most` ticks at about the most.
FittedAxis Fit(const Axis& axis, const std::vector<double>& values, int most);

// The colour's class and, for lines, the class of their dashes, too.
std::string ColourClass(size_t colour);
std::string LineClass(size_t colour, size_t pattern);

// How much higher than usual a chart `width` pixels wide has to be for this legend: rows beyond the second take no room from the values.
double LegendRoom(const std::vector<LegendEntry>& legend, double width);

// Draws title and legend, and says what is left for the values with `below` pixels of room under them and the y axis's texts beside them.
Area DrawHead(Canvas& canvas, const std::string& title, const std::vector<LegendEntry>& legend,
              const FittedAxis& y, double below);

// Grid, ticks and title of the y axis.
void DrawYAxis(Canvas& canvas, const Area& area, const FittedAxis& y);
// Ticks and title of an x axis of numbers.
void DrawXAxis(Canvas& canvas, const Area& area, const FittedAxis& x);
void DrawXTitle(Canvas& canvas, const Area& area, const std::string& title);

// A vertical line from low to high with short ends.
void DrawWhisker(Canvas& canvas, const Scale& y, double x, Interval interval);
bool Drawable(const std::optional<Interval>& interval);

}  // namespace drover::plot
