#include "plot/bar_chart.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plot/frame.h"

namespace drover::plot {
namespace {

constexpr double kTitleRoom = 34;
constexpr double kTurn = -32;          // degrees of labels that do not fit side by side
constexpr double kLongestLabel = 170;  // pixels of a category
constexpr double kWidestBar = 80;

// How the categories are written.
struct Labels {
  std::vector<std::string> texts;
  bool turned = false;
  double room = 0;  // pixels under the axis, without the title
};

Labels LabelsOf(const BarChart& chart) {
  Labels labels;
  double widest = 0;
  for (const std::string& category : chart.categories) {
    labels.texts.push_back(Shortened(category, kLongestLabel));
    widest = std::max(widest, TextWidth(labels.texts.back()));
  }
  const double slot = (kChartWidth - 100) / static_cast<double>(std::max<size_t>(1, labels.texts.size()));
  labels.turned = widest > slot - 8;
  labels.room = labels.turned ? 16 + widest * std::sin(-kTurn * M_PI / 180) : 24;
  return labels;
}

void DrawLabel(Canvas& canvas, const Area& area, const Labels& labels, size_t category, double x) {
  const std::string& text = labels.texts[category];
  if (labels.turned) {
    // It ends under its bar and must not begin left of the page.
    const double room = (x - 4) / std::cos(kTurn * M_PI / 180);
    canvas.TurnedText("", x + 4, area.bottom + 16, kTurn, Anchor::kEnd, Shortened(text, room));
  } else {
    canvas.Text("", x, area.bottom + 18, Anchor::kMiddle, text);
  }
}

// Over the bar and its interval, or under them when the value is negative.
void DrawValue(Canvas& canvas, const Scale& y, const FittedAxis& axis, double x, const Bar& bar,
               double room) {
  std::string text = TickText(bar.value, axis.distance / 100, axis.axis.percent);
  if (TextWidth(text) > room) text = TickText(bar.value, axis.distance / 10, axis.axis.percent);
  if (TextWidth(text) > room) return;
  const bool down = bar.value < 0;
  double end = bar.value;
  if (Drawable(bar.interval))
    end = down ? std::min(end, bar.interval->low) : std::max(end, bar.interval->high);
  canvas.Text("small", x, y.At(end) + (down ? 13 : -5), Anchor::kMiddle, text);
}

std::string TipOf(const BarChart& chart, const BarSeries& series, size_t category, const Bar& bar) {
  std::string tip = absl::StrFormat("%s%s%s: %g", series.name, series.name.empty() ? "" : ", ",
                                    chart.categories[category], bar.value);
  if (Drawable(bar.interval)) {
    absl::StrAppendFormat(&tip, " (%g to %g)", bar.interval->low, bar.interval->high);
  }
  return tip;
}

void DrawCategory(Canvas& canvas, const BarChart& chart, const FittedAxis& axis, const Scale& y,
                  size_t category, double middle, double slot) {
  const auto count = static_cast<double>(chart.series.size());
  const double width = std::min(kWidestBar, slot * 0.84 / count);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const BarSeries& series = chart.series[i];
    if (category >= series.bars.size() || !Drawable(series.bars[category].value)) continue;
    const Bar& bar = series.bars[category];
    const double x = middle + (static_cast<double>(i) - (count - 1) / 2) * width;
    const double top = y.At(std::max(bar.value, 0.0)), bottom = y.At(std::min(bar.value, 0.0));
    canvas.Rect(absl::StrCat(ColourClass(i), " bar"), x - width * 0.46, top, width * 0.92, bottom - top,
                TipOf(chart, series, category, bar));
    if (Drawable(bar.interval)) DrawWhisker(canvas, y, x, *bar.interval);
    if (chart.values) DrawValue(canvas, y, axis, x, bar, width + 2);
  }
}

std::vector<LegendEntry> LegendOf(const BarChart& chart) {
  std::vector<LegendEntry> legend;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    if (!chart.series[i].name.empty()) legend.push_back({chart.series[i].name, i, i});
  }
  if (legend.size() < 2) legend.clear();
  return legend;
}

FittedAxis FitY(const BarChart& chart) {
  std::vector<double> values = {0};
  for (const BarSeries& series : chart.series) {
    for (const Bar& bar : series.bars) {
      values.push_back(bar.value);
      if (Drawable(bar.interval)) values.insert(values.end(), {bar.interval->low, bar.interval->high});
    }
  }
  if (std::all_of(values.begin(), values.end(),
                  [](double value) { return !Drawable(value) || value == 0; })) {
    values.push_back(1);  // the room over nothing but zeros
  }
  return Fit(chart.y, values, 6);
}

}  // namespace

std::string ToSvg(const BarChart& chart) {
  const FittedAxis axis = FitY(chart);
  const Labels labels = LabelsOf(chart);
  const double below = labels.room + (chart.x_title.empty() ? 8 : kTitleRoom);
  const std::vector<LegendEntry> legend = LegendOf(chart);
  const double more = LegendRoom(legend, kChartWidth) + (labels.turned ? labels.room - 24 : 0);
  Canvas canvas(kChartWidth, kChartHeight + more, chart.title);
  Area area = DrawHead(canvas, chart.title, legend, axis, below);
  if (chart
          .values) {  // room for the value over a bar that reaches the top, or under one that reaches the bottom
    area.top += 12;
    area.bottom -= axis.range.low < 0 ? 14 : 0;
  }
  DrawYAxis(canvas, area, axis);
  const Scale y{axis.range, area.bottom, area.top};
  const double slot =
      (area.right - area.left) / static_cast<double>(std::max<size_t>(1, labels.texts.size()));
  for (size_t category = 0; category < labels.texts.size(); ++category) {
    const double middle = area.left + (static_cast<double>(category) + 0.5) * slot;
    DrawCategory(canvas, chart, axis, y, category, middle, slot);
    DrawLabel(canvas, area, labels, category, middle);
  }
  canvas.Line("axis", area.left, y.At(0), area.right, y.At(0));
  DrawXTitle(canvas, area, chart.x_title);
  return canvas.Finish();
}

}  // namespace drover::plot
