// The picture of a run: training reward over rollouts, with held-out accuracy where it was measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drover::run {

struct CurvePoint {
  double step = 0;   // rollouts trained
  double value = 0;  // in [0, 1]; values outside are drawn at the edge
};

struct RewardCurve {
  std::string title;
  std::vector<CurvePoint> reward;    // a point a step
  std::vector<CurvePoint> accuracy;  // few
};

// An SVG document (plot/xy_chart.h); valid, with axes and legend, also when there are no points.
std::string RewardSvg(const RewardCurve& curve);

}  // namespace drover::run
