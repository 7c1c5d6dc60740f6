#include "plot/frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace drover::plot {
namespace {

constexpr double kMargin = 16, kTitleBase = 26, kRowHeight = 18, kSwatch = 26, kGap = 22;
constexpr double kLongestName = 300;  // pixels of a name in the legend

void DrawSwatch(Canvas& canvas, const LegendEntry& entry, double x, double y) {
  if (entry.line) canvas.Line(LineClass(entry.colour, entry.pattern), x, y, x + kSwatch - 6, y);
  if (entry.mark) canvas.Mark(entry.colour, entry.pattern, x + (kSwatch - 6) / 2, y, 4, "");
  if (!entry.line && !entry.mark) {
    canvas.Rect(absl::StrCat(ColourClass(entry.colour), " bar"), x + 6, y - 5, 12, 10, "");
  }
}

struct PlacedName {
  std::string name;
  double x = 0;
  size_t row = 0;
};

std::vector<PlacedName> PlaceNames(const std::vector<LegendEntry>& legend, double width) {
  std::vector<PlacedName> placed;
  double x = kMargin;
  size_t row = 0;
  for (const LegendEntry& entry : legend) {
    const std::string name = Shortened(entry.name, kLongestName);
    const double room = kSwatch + TextWidth(name) + kGap;
    if (x > kMargin && x + room - kGap > width - kMargin) {
      x = kMargin;
      ++row;
    }
    placed.push_back({name, x, row});
    x += room;
  }
  return placed;
}

// Rows from `y` downwards; returns where the next row would stand.
double DrawLegend(Canvas& canvas, const std::vector<LegendEntry>& legend, double y) {
  const std::vector<PlacedName> names = PlaceNames(legend, canvas.width());
  for (size_t i = 0; i < names.size(); ++i) {
    const double at = y + static_cast<double>(names[i].row) * kRowHeight;
    DrawSwatch(canvas, legend[i], names[i].x, at - 4);
    canvas.Text("", names[i].x + kSwatch, at, Anchor::kStart, names[i].name);
  }
  return names.empty() ? y : y + static_cast<double>(names.back().row + 1) * kRowHeight;
}

}  // namespace

FittedAxis Fit(const Axis& axis, const std::vector<double>& values, int most) {
  Range range = RangeOf(values);
  const auto set = [](const std::optional<double>& end) { return end.has_value() && Drawable(*end); };
  if (set(axis.low)) range.low = *axis.low;
  if (set(axis.high)) range.high = *axis.high;
  // A given end beyond all values leaves nothing between the ends.
  if (range.high <= range.low) range = RangeOf({set(axis.high) && !set(axis.low) ? range.high : range.low});
  const double distance = TickDistance(range, most);
  const Range wide = Widened(range, distance);
  if (!set(axis.low)) range.low = wide.low;
  if (!set(axis.high)) range.high = wide.high;
  return {axis, range, distance};
}

std::string ColourClass(size_t colour) { return absl::StrCat("c", colour % kColours); }

std::string LineClass(size_t colour, size_t pattern) {
  const size_t dashes = pattern % kColours;
  const std::string line = absl::StrCat(ColourClass(colour), " line");
  return dashes == 0 ? line : absl::StrCat(line, " d", dashes);
}

double LegendRoom(const std::vector<LegendEntry>& legend, double width) {
  const std::vector<PlacedName> names = PlaceNames(legend, width);
  return names.empty() || names.back().row < 2 ? 0 : static_cast<double>(names.back().row - 1) * kRowHeight;
}

Area DrawHead(Canvas& canvas, const std::string& title, const std::vector<LegendEntry>& legend,
              const FittedAxis& y, double below) {
  // A bold letter of the title is about 1.35 times as wide as one of the texts.
  canvas.Text("title", kMargin, kTitleBase, Anchor::kStart,
              Shortened(title, (canvas.width() - 2 * kMargin) / 1.35));
  const double next = DrawLegend(canvas, legend, kTitleBase + kRowHeight + 4);
  double labels = 0;
  for (double tick : Ticks(y.range, y.distance)) labels = std::max(labels, TextWidth(y.Text(tick)));
  const double left = kMargin + labels + 10 + (y.axis.title.empty() ? 0 : kRowHeight);
  return {left, canvas.width() - kMargin - 8, next, canvas.height() - below};
}

void DrawYAxis(Canvas& canvas, const Area& area, const FittedAxis& y) {
  const Scale scale{y.range, area.bottom, area.top};
  for (double tick : Ticks(y.range, y.distance)) {
    const double at = scale.At(tick);
    canvas.Line("grid", area.left, at, area.right, at);
    canvas.Text("", area.left - 8, at + 4, Anchor::kEnd, y.Text(tick));
  }
  if (!y.axis.title.empty()) {
    const double middle = (area.top + area.bottom) / 2;
    canvas.TurnedText("", kMargin + 4, middle, -90, Anchor::kMiddle,
                      Shortened(y.axis.title, canvas.height() - 2 * kMargin));
  }
}

void DrawXAxis(Canvas& canvas, const Area& area, const FittedAxis& x) {
  const Scale scale{x.range, area.left, area.right};
  canvas.Line("axis", area.left, area.bottom, area.right, area.bottom);
  for (double tick : Ticks(x.range, x.distance)) {
    const double at = scale.At(tick);
    canvas.Line("axis", at, area.bottom, at, area.bottom + 5);
    canvas.Text("", at, area.bottom + 19, Anchor::kMiddle, x.Text(tick));
  }
  DrawXTitle(canvas, area, x.axis.title);
}

void DrawXTitle(Canvas& canvas, const Area& area, const std::string& title) {
  canvas.Text("", (area.left + area.right) / 2, canvas.height() - 10, Anchor::kMiddle,
              Shortened(title, canvas.width() - 2 * kMargin));
}

void DrawWhisker(Canvas& canvas, const Scale& y, double x, Interval interval) {
  const double low = y.At(interval.low), high = y.At(interval.high);
  canvas.Line("whisker", x, low, x, high);
  for (double end : {low, high}) canvas.Line("whisker", x - 4, end, x + 4, end);
}

bool Drawable(const std::optional<Interval>& interval) {
  return interval.has_value() && Drawable(interval->low) && Drawable(interval->high);
}

}  // namespace drover::plot
