// A drawing that becomes an SVG document: what all charts of plot/ are made of.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace drover::plot {

// How many colours are told apart, and as many patterns: dashes of lines and shapes of points; series beyond them begin again. Six colours
// are those of Okabe and Ito, which readers with the common kinds of colour blindness can tell apart, two a grey and a brown, and no chart
// relies on them alone: lines differ in dashes and points in shapes.
inline constexpr size_t kColours = 8;

// Of a chart, pixels, where nothing asks for more.
inline constexpr double kChartWidth = 760, kChartHeight = 400;

// `text` as it may stand between tags and in attributes. Bytes that are no UTF-8, and characters that XML does not allow, become U+FFFD.
std::string Escaped(absl::string_view text);

// About how wide `text` is at 12 pixels, in pixels; SVG leaves the font to the reader.
double TextWidth(absl::string_view text);

// `text`, or its beginning and an ellipsis when it is wider than `width` pixels.
std::string Shortened(absl::string_view text, double width);

enum class Anchor { kStart, kMiddle, kEnd };

// Coordinates are pixels, y downwards. `css` are names of classes of the style sheet in canvas.cc.
class Canvas {
 public:
  // `title` is what a screen reader says.
  Canvas(double width, double height, absl::string_view title);

  double width() const { return width_; }
  double height() const { return height_; }

  void Line(absl::string_view css, double x1, double y1, double x2, double y2);
  // `data` is an SVG path.
  void Path(absl::string_view css, absl::string_view data);
  // `tip` is what the pointer shows; none when it is empty.
  void Rect(absl::string_view css, double x, double y, double width, double height, absl::string_view tip);
  // A point of the shape that belongs to `pattern`: a circle, square, triangle, diamond, ...
  void Mark(size_t colour, size_t pattern, double x, double y, double radius, absl::string_view tip);
  void Text(absl::string_view css, double x, double y, Anchor anchor, absl::string_view text);
  // The same, turned by `degrees` clockwise around (x, y).
  void TurnedText(absl::string_view css, double x, double y, double degrees, Anchor anchor,
                  absl::string_view text);

  // The document. Nothing may be drawn after it.
  std::string Finish();

 private:
  double width_, height_;
  std::string svg_;
};

}  // namespace drover::plot
