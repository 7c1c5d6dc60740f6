#include "plot/xy_chart.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plot/frame.h"

namespace drover::plot {
namespace {

constexpr double kBelow = 56;
constexpr size_t kMostPoints = 2000, kColumns = 1000;

bool Drawable(const XyPoint& point) { return plot::Drawable(point.x) && plot::Drawable(point.y); }

// `points` in their order, without those that no pixel would show.
std::vector<XyPoint> Thinned(const std::vector<XyPoint>& points) {
  if (points.size() <= kMostPoints) return points;
  std::vector<XyPoint> kept;
  for (size_t column = 0; column < kColumns; ++column) {
    const size_t begin = points.size() * column / kColumns, end = points.size() * (column + 1) / kColumns;
    const auto lower = [&](size_t a, size_t b) { return points[a].y < points[b].y; };
    std::vector<size_t> indices(end - begin);
    for (size_t i = begin; i < end; ++i) indices[i - begin] = i;
    std::vector<size_t> chosen = {begin, *std::min_element(indices.begin(), indices.end(), lower),
                                  *std::max_element(indices.begin(), indices.end(), lower), end - 1};
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (size_t i : chosen) kept.push_back(points[i]);
  }
  return kept;
}

struct Scales {
  Scale x, y;
};

std::string LinePath(const Scales& scales, const std::vector<XyPoint>& points) {
  std::string path;
  bool down = false;
  for (const XyPoint& point : points) {
    if (!Drawable(point)) {
      down = false;
      continue;
    }
    absl::StrAppendFormat(&path, "%s%.1f,%.1f ", down ? "L" : "M", scales.x.At(point.x),
                          scales.y.At(point.y));
    down = true;
  }
  return path;
}

// The outline of the intervals of neighbours that have one: along their tops and back along their bottoms.
std::string BandPath(const Scales& scales, const std::vector<XyPoint>& points) {
  std::string path, back;
  const auto close = [&] {
    if (!path.empty() && path.back() != 'z') absl::StrAppend(&path, back, "z");
    back.clear();
  };
  for (const XyPoint& point : points) {
    if (!Drawable(point) || !plot::Drawable(point.band)) {
      close();
      continue;
    }
    const double x = scales.x.At(point.x);
    absl::StrAppendFormat(&path, "%s%.1f,%.1f ", back.empty() ? "M" : "L", x, scales.y.At(point.band->high));
    back = absl::StrFormat("L%.1f,%.1f %s", x, scales.y.At(point.band->low), back);
  }
  close();
  return path;
}

std::string TipOf(const XyChart& chart, const XySeries& series, const XyPoint& point) {
  std::string tip =
      absl::StrFormat("%s%s%g, %g", series.name, series.name.empty() ? "" : ": ", point.x, point.y);
  if (plot::Drawable(point.band))
    absl::StrAppendFormat(&tip, " (%g to %g)", point.band->low, point.band->high);
  return chart.y.title.empty() ? tip : absl::StrCat(tip, " ", chart.y.title);
}

// Beside a point, on the side where there is more room.
void DrawValue(Canvas& canvas, const Scales& scales, const FittedAxis& y, const XyPoint& point) {
  const double at = scales.x.At(point.x);
  const bool left = at > (scales.x.from + scales.x.to) / 2;
  canvas.Text("", at + (left ? -9 : 9), scales.y.At(point.y) - 8, left ? Anchor::kEnd : Anchor::kStart,
              TickText(point.y, y.distance / 100, y.axis.percent));
}

void DrawSeries(Canvas& canvas, const XyChart& chart, size_t index, const Scales& scales,
                const FittedAxis& y) {
  const XySeries& series = chart.series[index];
  const size_t colour = series.colour.value_or(index), pattern = series.pattern.value_or(colour);
  const std::vector<XyPoint> points = Thinned(series.points);
  if (series.intervals && !series.whiskers) {
    const std::string band = BandPath(scales, points);
    if (!band.empty()) canvas.Path(absl::StrCat(ColourClass(colour), " band"), band);
  }
  if (series.line) {
    canvas.Path(series.faint ? absl::StrCat(ColourClass(colour), " faint") : LineClass(colour, pattern),
                LinePath(scales, points));
  }
  for (const XyPoint& point : points) {
    if (!Drawable(point)) continue;
    const double at = scales.x.At(point.x);
    if (series.intervals && series.whiskers && plot::Drawable(point.band))
      DrawWhisker(canvas, scales.y, at, *point.band);
    if (series.marks) {
      canvas.Mark(colour, pattern, at, scales.y.At(point.y), series.line ? 4 : 5,
                  TipOf(chart, series, point));
    }
    if (series.values) DrawValue(canvas, scales, y, point);
  }
}

std::vector<LegendEntry> LegendOf(const XyChart& chart) {
  std::vector<LegendEntry> legend;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const XySeries& series = chart.series[i];
    if (!series.name.empty()) {
      const size_t colour = series.colour.value_or(i);
      legend.push_back({series.name, colour, series.pattern.value_or(colour), series.line, series.marks});
    }
  }
  if (legend.size() < 2) legend.clear();
  return legend;
}

}  // namespace

std::string ToSvg(const XyChart& chart) {
  std::vector<double> xs, ys;
  for (const XySeries& series : chart.series) {
    for (const XyPoint& point : series.points) {
      if (!Drawable(point)) continue;
      xs.push_back(point.x);
      ys.push_back(point.y);
      if (plot::Drawable(point.band)) ys.insert(ys.end(), {point.band->low, point.band->high});
    }
  }
  const FittedAxis y = Fit(chart.y, ys, 6);
  FittedAxis x = Fit(chart.x, xs, 8);
  // Points begin and end where the values do; a single one keeps the room around it.
  const Range tight = RangeOf(xs);
  if (!chart.x.low.has_value()) x.range.low = std::max(x.range.low, tight.low);
  if (!chart.x.high.has_value()) x.range.high = std::min(x.range.high, tight.high);
  const std::vector<LegendEntry> legend = LegendOf(chart);
  Canvas canvas(kChartWidth, kChartHeight + LegendRoom(legend, kChartWidth), chart.title);
  const Area area = DrawHead(canvas, chart.title, legend, y, kBelow);
  DrawYAxis(canvas, area, y);
  DrawXAxis(canvas, area, x);
  const Scales scales{{x.range, area.left, area.right}, {y.range, area.bottom, area.top}};
  for (size_t i = 0; i < chart.series.size(); ++i) DrawSeries(canvas, chart, i, scales, y);
  return canvas.Finish();
}

}  // namespace drover::plot
