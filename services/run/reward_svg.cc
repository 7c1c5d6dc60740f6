#include "services/run/reward_svg.h"

#include <algorithm>

#include "plot/xy_chart.h"

namespace drover::run {
namespace {

std::vector<plot::XyPoint> Points(const std::vector<CurvePoint>& points) {
  std::vector<plot::XyPoint> out;
  for (const CurvePoint& point : points) out.push_back({point.step, point.value});
  return out;
}

// A trailing mean over about a twentieth of the curve: the trend that single rollouts hide.
std::vector<CurvePoint> Smoothed(const std::vector<CurvePoint>& points) {
  const size_t window = std::max<size_t>(1, points.size() / 20);
  std::vector<CurvePoint> smoothed;
  double sum = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    sum += points[i].value;
    if (i >= window) sum -= points[i - window].value;
    smoothed.push_back({points[i].step, sum / static_cast<double>(std::min(i + 1, window))});
  }
  return smoothed;
}

}  // namespace

std::string RewardSvg(const RewardCurve& curve) {
  plot::XyChart chart{.title = curve.title,
                      .x = {.title = "rollouts", .low = 0},
                      .y = {.title = "share of responses", .low = 0, .high = 1}};
  chart.series = {{.points = Points(curve.reward), .faint = true, .colour = 0},
                  {.name = "mean training reward", .points = Points(Smoothed(curve.reward)), .colour = 0},
                  {.name = "held-out accuracy",
                   .points = Points(curve.accuracy),
                   .line = false,
                   .marks = true,
                   .values = true,
                   .colour = 1}};
  return plot::ToSvg(chart);
}

}  // namespace drover::run
