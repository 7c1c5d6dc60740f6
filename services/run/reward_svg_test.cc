#include "services/run/reward_svg.h"

#include <gtest/gtest.h>

#include <limits>

namespace drover::run {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(RewardSvgTest, EveryPointIsDrawn) {
  RewardCurve curve{.title = "a < b & c"};
  for (int step = 1; step <= 100; ++step) curve.reward.push_back({double(step), step / 100.0});
  curve.accuracy = {{0, 0.3}, {100, 0.95}};
  const std::string svg = RewardSvg(curve);
  EXPECT_EQ(Count(svg, " L"), 2u * 99);             // two lines of a move and 99 segments
  EXPECT_EQ(Count(svg, "<path class=\"c1\""), 3u);  // two points and the legend's
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(svg.find(">0.950<"), std::string::npos);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
}

TEST(RewardSvgTest, ValuesOutsideStayInside) {
  const std::string svg = RewardSvg({.title = "t", .reward = {{1, -3}, {2, 7}}, .accuracy = {}});
  EXPECT_NE(svg.find("L736.0,66.0"), std::string::npos) << svg;   // top right corner of the plot
  EXPECT_NE(svg.find("M399.0,344.0"), std::string::npos) << svg;  // bottom, half way
}

TEST(RewardSvgTest, NoPointsIsStillADocument) { EXPECT_NE(RewardSvg({}).find("<svg"), std::string::npos); }

}  // namespace
}  // namespace drover::run
