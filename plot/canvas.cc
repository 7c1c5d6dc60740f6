#include "plot/canvas.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drover::plot {
namespace {

// The page's own background, so that a chart is readable whatever it is put on; a viewer that prefers dark gets dark ones of both.
constexpr absl::string_view kStyle =
    "<style>"
    "text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.small{font-size:11px}"
    ".page{fill:#fff}.grid{stroke:#ddd}.axis{stroke:#777}.whisker{stroke:#222;stroke-width:1.5}"
    ".c0{stroke:#0072b2;fill:#0072b2}.c1{stroke:#d55e00;fill:#d55e00}.c2{stroke:#009e73;fill:#009e73}"
    ".c3{stroke:#b5589a;fill:#b5589a}.c4{stroke:#c98a00;fill:#c98a00}.c5{stroke:#3d9bd1;fill:#3d9bd1}"
    ".c6{stroke:#5f6b76;fill:#5f6b76}.c7{stroke:#8a5a2e;fill:#8a5a2e}"
    "@media (prefers-color-scheme:dark){"
    "text{fill:#ddd}.page{fill:#161b22}.grid{stroke:#333a44}.axis{stroke:#8b949e}.whisker{stroke:#eee}"
    ".c0{stroke:#4ea3e0;fill:#4ea3e0}.c1{stroke:#f0883e;fill:#f0883e}.c2{stroke:#2ec49a;fill:#2ec49a}"
    ".c3{stroke:#e08cc6;fill:#e08cc6}.c4{stroke:#e6b422;fill:#e6b422}.c5{stroke:#8ccdf5;fill:#8ccdf5}"
    ".c6{stroke:#aeb8c2;fill:#aeb8c2}.c7{stroke:#c79a6b;fill:#c79a6b}}"
    ".line{fill:none;stroke-width:2.5}.faint{fill:none;stroke-width:1;stroke-opacity:.45}"
    ".d1{stroke-dasharray:8 4}.d2{stroke-dasharray:3 3}.d3{stroke-dasharray:10 3 2 3}"
    ".d4{stroke-dasharray:14 4}.d5{stroke-dasharray:6 2 2 2 2 2}.d6{stroke-dasharray:2 "
    "5}.d7{stroke-dasharray:18 3 6 3}"
    ".band{stroke:none;fill-opacity:.18}.bar{fill-opacity:.85}"
    "</style>\n";

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: no UTF-8 here
};

// Overlong forms, surrogates and values beyond U+10FFFF are no UTF-8.
Character CharacterAt(absl::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + bytes > text.size()) return {};
  uint32_t code = first & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, bytes};
}

bool AllowedInXml(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xFFFE && code != 0xFFFF;
}

absl::string_view EscapeOf(uint32_t code) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return "";
  }
}

double WidthOf(uint32_t code) {
  if (code >= 0x2E80) return 12;  // ideographs and emoji
  if (code == 'm' || code == 'w' || code == 'M' || code == 'W' || code == '%') return 10;
  if (code == 'i' || code == 'l' || code == 'j' || code == 't' || code == 'f' || code == 'I' || code == ' ' ||
      code == '.' || code == ',' || code == '\'' || code == ':' || code == '|' || code == '(' ||
      code == ')') {
    return 4;
  }
  return code >= 'A' && code <= 'Z' ? 8.5 : 7;
}

// Calls `use(character, its bytes)`; what is no UTF-8 comes a byte at a time, as U+FFFD.
template <typename Use>
void ForEachCharacter(absl::string_view text, Use use) {
  for (size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (character.bytes == 0) {
      use(0xFFFD, kReplacement);
      ++at;
      continue;
    }
    use(character.code, text.substr(at, character.bytes));
    at += character.bytes;
  }
}

const char* Name(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kEnd:
      return "end";
  }
  return "";
}

std::string ClassOf(absl::string_view css) { return css.empty() ? "" : absl::StrCat(" class=\"", css, "\""); }

// The end of an element that may hold a tip.
std::string Closed(absl::string_view tag, absl::string_view tip) {
  if (tip.empty()) return "/>\n";
  return absl::StrCat("><title>", Escaped(tip), "</title></", tag, ">\n");
}

// Around (0, 0), of about the area of a circle with `r`.
std::string ShapePath(size_t shape, double x, double y, double r) {
  const double a = r * 0.9, b = r * 1.3;
  switch (shape) {
    case 1:
      return absl::StrFormat("M%.1f,%.1fh%.1fv%.1fh%.1fz", x - a, y - a, 2 * a, 2 * a, -2 * a);
    case 2:
      return absl::StrFormat("M%.1f,%.1fl%.1f,%.1fh%.1fz", x, y - b, b, 2 * b - 1, -2 * b);
    case 3:
      return absl::StrFormat("M%.1f,%.1fl%.1f,%.1fl%.1f,%.1fl%.1f,%.1fz", x, y - b, b, b, -b, b, -b, -b);
    case 4:
      return absl::StrFormat("M%.1f,%.1fl%.1f,%.1fh%.1fz", x, y + b, b, -2 * b + 1, -2 * b);
    case 5:
      return absl::StrFormat("M%.1f,%.1fh%.1fv%.1fh%.1fz", x - a * 0.6, y - b, 1.2 * a, 2 * b, -1.2 * a);
    case 6:
      return absl::StrFormat("M%.1f,%.1fh%.1fv%.1fh%.1fz", x - b, y - a * 0.6, 2 * b, 1.2 * a, -2 * b);
    default:  // an hourglass
      return absl::StrFormat("M%.1f,%.1fh%.1fl%.1f,%.1fh%.1fz", x - b, y - b, 2 * b, -2 * b, 2 * b, 2 * b);
  }
}

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string out;
  ForEachCharacter(text, [&](uint32_t code, absl::string_view bytes) {
    const absl::string_view escape = EscapeOf(code);
    absl::StrAppend(&out, !escape.empty() ? escape : AllowedInXml(code) ? bytes : kReplacement);
  });
  return out;
}

double TextWidth(absl::string_view text) {
  double width = 0;
  ForEachCharacter(text, [&](uint32_t code, absl::string_view) { width += WidthOf(code); });
  return width;
}

std::string Shortened(absl::string_view text, double width) {
  if (TextWidth(text) <= width) return std::string(text);
  std::string out;
  double used = 12;  // the ellipsis
  bool full = false;
  ForEachCharacter(text, [&](uint32_t code, absl::string_view bytes) {
    used += WidthOf(code);
    full = full || used > width;
    if (!full) absl::StrAppend(&out, bytes);
  });
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out + "\xE2\x80\xA6";
}

Canvas::Canvas(double width, double height, absl::string_view title) : width_(width), height_(height) {
  svg_ = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
      "role=\"img\">\n<title>%s</title>\n",
      width, height, width, height, Escaped(title));
  absl::StrAppend(&svg_, kStyle, "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n");
}

void Canvas::Line(absl::string_view css, double x1, double y1, double x2, double y2) {
  absl::StrAppendFormat(&svg_, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", css,
                        x1, y1, x2, y2);
}

void Canvas::Path(absl::string_view css, absl::string_view data) {
  absl::StrAppend(&svg_, "<path class=\"", css, "\" d=\"", data, "\"/>\n");
}

void Canvas::Rect(absl::string_view css, double x, double y, double width, double height,
                  absl::string_view tip) {
  absl::StrAppendFormat(&svg_, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"%s",
                        css, x, y, width, height, Closed("rect", tip));
}

void Canvas::Mark(size_t colour, size_t pattern, double x, double y, double radius, absl::string_view tip) {
  const size_t shape = pattern % kColours;
  if (shape == 0) {
    absl::StrAppendFormat(&svg_, "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"%s",
                          colour % kColours, x, y, radius, Closed("circle", tip));
    return;
  }
  absl::StrAppend(&svg_, "<path class=\"c", colour % kColours, "\" d=\"", ShapePath(shape, x, y, radius),
                  "\"", Closed("path", tip));
}

void Canvas::Text(absl::string_view css, double x, double y, Anchor anchor, absl::string_view text) {
  absl::StrAppendFormat(&svg_, "<text%s x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", ClassOf(css),
                        x, y, Name(anchor), Escaped(text));
}

void Canvas::TurnedText(absl::string_view css, double x, double y, double degrees, Anchor anchor,
                        absl::string_view text) {
  absl::StrAppendFormat(&svg_,
                        "<text%s x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
                        "transform=\"rotate(%.0f %.1f %.1f)\">%s</text>\n",
                        ClassOf(css), x, y, Name(anchor), degrees, x, y, Escaped(text));
}

std::string Canvas::Finish() {
  absl::StrAppend(&svg_, "</svg>\n");
  return std::move(svg_);
}

}  // namespace drover::plot
