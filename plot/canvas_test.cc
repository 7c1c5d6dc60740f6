#include "plot/canvas.h"

#include <gtest/gtest.h>

namespace drover::plot {
namespace {

constexpr char kLost[] = "\xEF\xBF\xBD";

TEST(CanvasTest, TextIsEscaped) {
  EXPECT_EQ(Escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c'");
  EXPECT_EQ(Escaped("</svg><script>"), "&lt;/svg&gt;&lt;script&gt;");
  EXPECT_EQ(Escaped("π ≈ 3 😀"), "π ≈ 3 😀");
}

TEST(CanvasTest, WhatXmlMayNotHoldIsReplaced) {
  EXPECT_EQ(Escaped(absl::string_view("a\0b", 3)), std::string("a") + kLost + "b");
  EXPECT_EQ(Escaped("\x1B[31m"), std::string(kLost) + "[31m");
  EXPECT_EQ(Escaped("\xFF"), kLost);
  EXPECT_EQ(Escaped("\xC0\xBC"), std::string(kLost) + kLost);              // an overlong '<'
  EXPECT_EQ(Escaped("\xED\xA0\x80"), std::string(kLost) + kLost + kLost);  // a surrogate
  EXPECT_EQ(Escaped("\xF0\x9F\x98"), std::string(kLost) + kLost + kLost);  // cut
  EXPECT_EQ(Escaped("\xEF\xBF\xBE"), kLost);                               // U+FFFE
  EXPECT_EQ(Escaped("\xF4\x90\x80\x80"), std::string(kLost) + kLost + kLost + kLost);
}

TEST(CanvasTest, ShortenedKeepsWholeCharacters) {
  EXPECT_EQ(Shortened("short", 100), "short");
  const std::string cut = Shortened("ääääääääääääääääääääääääääää", 60);
  EXPECT_LE(TextWidth(cut), 60);
  EXPECT_EQ(cut.substr(cut.size() - 3), "…");
  EXPECT_EQ((cut.size() - 3) % 2, 0u);
  EXPECT_EQ(Shortened("anything", 0), "…");
}

TEST(CanvasTest, TipsAreEscapedToo) {
  Canvas canvas(10, 10, "<t>");
  canvas.Rect("bar", 0, 0, 1, 1, "a<b");
  canvas.Mark(0, 0, 1, 1, 1, "c&d");
  const std::string svg = canvas.Finish();
  EXPECT_NE(svg.find("<title>&lt;t&gt;</title>"), std::string::npos);
  EXPECT_NE(svg.find("><title>a&lt;b</title></rect>"), std::string::npos);
  EXPECT_NE(svg.find("><title>c&amp;d</title></circle>"), std::string::npos);
}

}  // namespace
}  // namespace drover::plot
