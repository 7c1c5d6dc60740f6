#include "plot/bar_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "plot/testing/svg_reader.h"

namespace drover::plot {
namespace {

using ::testing::Contains;
using testing::Count;
using testing::IsWellFormed;
using testing::Texts;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

BarChart TwoModels() {
  return {.title = "Answering",
          .x_title = "template",
          .y = {.title = "answers", .percent = true},
          .categories = {"r1", "qwen_math", "none"},
          .series = {{"135M", {{0.5, {{0.4, 0.6}}}, {0.25}, {0}}}, {"360M", {{0.75}, {kNan}}}}};
}

TEST(BarChartTest, EachBarHasItsValueAndInterval) {
  const std::string svg = ToSvg(TwoModels());
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  for (const char* text :
       {"Answering", "template", "answers", "qwen_math", "135M", "360M", "50.0 %", "25.0 %"}) {
    EXPECT_THAT(Texts(svg), Contains(text));
  }
  EXPECT_EQ(Count(svg, "class=\"c0 bar\""), 4u);  // three and the legend's
  EXPECT_EQ(Count(svg, "class=\"c1 bar\""), 2u);  // the one that is not finite is left out
  EXPECT_EQ(Count(svg, "class=\"whisker\""), 3u);
  EXPECT_NE(svg.find("135M, r1: 0.5 (0.4 to 0.6)"), std::string::npos);
}

TEST(BarChartTest, NegativeBarsHangFromZero) {
  const std::string svg = ToSvg(BarChart{.categories = {"a", "b"}, .series = {{"", {{-1}, {1}}}}});
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  const auto top = [&](size_t from) { return svg.find(" y=\"", svg.find("c0 bar", from)); };
  const size_t first = top(0), second = top(first);
  const double y1 = std::stod(svg.substr(first + 4)), y2 = std::stod(svg.substr(second + 4));
  EXPECT_GT(y1, y2 + 50);  // the negative one begins where the positive one ends
}

TEST(BarChartTest, ManyLongCategoriesAreTurned) {
  BarChart chart{.x_title = "x", .series = {{"", {}}}};
  for (int i = 0; i < 30; ++i) {
    chart.categories.push_back("a category with a long name " + std::to_string(i));
    chart.series[0].bars.push_back({i * 1.0});
  }
  const std::string svg = ToSvg(chart);
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_EQ(Count(svg, "rotate(-32"), 30u);
}

TEST(BarChartTest, NothingIsADocument) {
  for (const BarChart& chart : {BarChart{}, BarChart{.categories = {"a"}}, BarChart{.series = {{}}},
                                BarChart{.categories = {"a"}, .series = {{"", {{kNan}}}}},
                                BarChart{.categories = {"a"}, .series = {{"", {{0}}}}},
                                BarChart{.categories = {"a"}, .series = {{"", {{1}, {2}, {3}}}}}}) {
    const std::string svg = ToSvg(chart);
    EXPECT_TRUE(IsWellFormed(svg)) << svg;
    EXPECT_EQ(svg.find("nan"), std::string::npos);
  }
}

}  // namespace
}  // namespace drover::plot
