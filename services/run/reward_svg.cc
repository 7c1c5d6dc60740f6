#include "services/run/reward_svg.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace drover::run {
namespace {

constexpr double kWidth = 760, kHeight = 380, kLeft = 56, kRight = 20, kTop = 48, kBottom = 48;

// From steps and values to pixels.
struct Axes {
  double max_step = 1;
  double X(double step) const { return kLeft + step / max_step * (kWidth - kLeft - kRight); }
  double Y(double value) const {
    return kHeight - kBottom - std::clamp(value, 0.0, 1.0) * (kHeight - kTop - kBottom);
  }
};

double MaxStep(const RewardCurve& curve) {
  double most = 1;
  for (const auto* points : {&curve.reward, &curve.accuracy}) {
    for (const CurvePoint& point : *points) most = std::max(most, point.step);
  }
  return most;
}

// 1, 2 or 5 times a power of ten, so that about six ticks fit.
double TickDistance(double max_step) {
  const double raw = max_step / 6;
  const double power = std::pow(10, std::floor(std::log10(std::max(raw, 1.0))));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string Text(double x, double y, absl::string_view anchor, absl::string_view text,
                 absl::string_view style = "") {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n", x, y, anchor, style,
                         absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}));
}

std::string Grid(const Axes& axes) {
  std::string out;
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double y = axes.Y(tenth / 10.0);
    absl::StrAppendFormat(&out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                          kLeft, y, kWidth - kRight, y);
    out += Text(kLeft - 8, y + 4, "end", absl::StrFormat("%.1f", tenth / 10.0));
  }
  const double distance = TickDistance(axes.max_step);
  for (double step = 0; step <= axes.max_step; step += distance) {
    out += Text(axes.X(step), kHeight - kBottom + 20, "middle", absl::StrFormat("%.0f", step));
  }
  return out + Text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", "rollouts");
}

std::string Line(const Axes& axes, const std::vector<CurvePoint>& points, absl::string_view css) {
  std::string path;
  for (const CurvePoint& point : points) {
    absl::StrAppendFormat(&path, "%s%.1f,%.1f ", path.empty() ? "M" : "L", axes.X(point.step),
                          axes.Y(point.value));
  }
  return absl::StrFormat("<path class=\"%s\" d=\"%s\"/>\n", css, path);
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

std::string Dots(const Axes& axes, const std::vector<CurvePoint>& points) {
  std::string out;
  for (const CurvePoint& point : points) {
    absl::StrAppendFormat(&out, "<circle class=\"accuracy\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n",
                          axes.X(point.step), axes.Y(point.value));
    out += Text(axes.X(point.step) + (point.step > axes.max_step / 2 ? -9 : 9), axes.Y(point.value) - 8,
                point.step > axes.max_step / 2 ? "end" : "start", absl::StrFormat("%.3f", point.value));
  }
  return out;
}

constexpr absl::string_view kStyle =
    "<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}"
    ".grid{stroke:#ddd}.raw{fill:none;stroke:#9ecae9}.trend{fill:none;stroke:#1f5fa8;stroke-width:2.5}"
    ".accuracy{fill:#d1495b}</style>\n";

}  // namespace

std::string RewardSvg(const RewardCurve& curve) {
  const Axes axes{MaxStep(curve)};
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
      kWidth, kHeight, kWidth, kHeight);
  absl::StrAppend(&svg, kStyle, "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                  Text(kLeft, 26, "start", curve.title, "class=\"title\""), Grid(axes),
                  Line(axes, curve.reward, "raw"), Line(axes, Smoothed(curve.reward), "trend"),
                  Dots(axes, curve.accuracy));
  absl::StrAppend(
      &svg, "<rect x=\"", kWidth - 310, "\" y=\"18\" width=\"14\" height=\"4\" fill=\"#1f5fa8\"/>\n",
      Text(kWidth - 290, 26, "start", "mean training reward"), "<circle class=\"accuracy\" cx=\"",
      kWidth - 132, "\" cy=\"22\" r=\"5\"/>\n", Text(kWidth - 120, 26, "start", "held-out accuracy"));
  return svg + "</svg>\n";
}

}  // namespace drover::run
