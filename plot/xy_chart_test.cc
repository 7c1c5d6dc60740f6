#include "plot/xy_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "plot/canvas.h"
#include "plot/testing/svg_reader.h"

namespace drover::plot {
namespace {

using ::testing::Contains;
using testing::Count;
using testing::IsWellFormed;
using ::testing::Not;
using testing::Texts;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

XyChart TwoLines() {
  return {.title = "Accuracy",
          .x = {.title = "temperature"},
          .y = {.title = "pass@8", .percent = true},
          .series = {{.name = "r1", .points = {{0, 0.1, {{0, 0.2}}}, {1, 0.5, {{0.4, 0.6}}}}},
                     {.name = "none", .points = {{0, 0.3}, {1, 0.2}}, .marks = true}}};
}

TEST(XyChartTest, TitlesLegendAndTicksAreWritten) {
  const std::string svg = ToSvg(TwoLines());
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  for (const char* text : {"Accuracy", "temperature", "pass@8", "r1", "none", "20 %", "60 %", "0.2"}) {
    EXPECT_THAT(Texts(svg), Contains(text));
  }
  EXPECT_EQ(Count(svg, "c0 band"), 1u);
  EXPECT_EQ(Count(svg, "d1\" d="), 1u);  // the second line has dashes
}

// Models by colour and templates by dashes and shapes: six lines that differ in two ways.
TEST(XyChartTest, ColourAndPatternAreChosenApart) {
  XyChart chart = TwoLines();
  chart.series[0].colour = chart.series[1].colour = 3;
  chart.series[1].pattern = 7;
  const std::string svg = ToSvg(chart);
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  EXPECT_EQ(Count(svg, "\"c3 line d3\" d="), 1u);
  EXPECT_EQ(Count(svg, "\"c3 line d7\" d="), 1u);
  EXPECT_EQ(Count(svg, "\"c3 line d7\" x1="), 1u);  // the legend's
  chart.series[1].pattern = 0;
  EXPECT_EQ(Count(ToSvg(chart), "<circle class=\"c3\""), 3u);  // two points and the legend's
}

TEST(XyChartTest, EachPatternIsAShapeOfItsOwn) {
  std::set<std::string> shapes;
  for (size_t pattern = 0; pattern < kColours; ++pattern) {
    XyChart chart{.series = {{.points = {{1, 1}}, .marks = true, .colour = 0, .pattern = pattern}}};
    const std::string svg = ToSvg(chart);
    EXPECT_TRUE(IsWellFormed(svg)) << svg;
    const size_t begin = svg.find("class=\"c0\"");
    ASSERT_NE(begin, std::string::npos);
    shapes.insert(svg.substr(begin, svg.find("<title>", begin) - begin));
  }
  EXPECT_EQ(shapes.size(), kColours);
}

TEST(XyChartTest, ALongLegendMakesTheChartHigherAndNotTheValuesFewer) {
  XyChart chart{.series = {}};
  for (int i = 0; i < 24; ++i) {
    chart.series.push_back(
        {.name = "a model with a long name, template " + std::to_string(i), .points = {{0, 1}, {1, 2}}});
  }
  const std::string svg = ToSvg(chart);
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  const auto height = [](const std::string& text) {
    return std::stod(text.substr(text.find(" height=\"") + 9));
  };
  EXPECT_GE(height(svg), height(ToSvg(TwoLines())) + 10 * 18);  // two names a row: ten rows more
}

TEST(XyChartTest, OneSeriesNeedsNoLegend) {
  XyChart chart = TwoLines();
  chart.series.pop_back();
  EXPECT_THAT(Texts(ToSvg(chart)), Not(Contains("r1")));
}

TEST(XyChartTest, APointThatIsNotFiniteBreaksTheLine) {
  const std::string svg = ToSvg(XyChart{.series = {{.points = {{0, 1}, {1, 2}, {2, kNan}, {3, 1}, {4, 2}}}}});
  EXPECT_EQ(Count(svg, " L"), 2u);
  EXPECT_EQ(Count(svg, " M") + Count(svg, "\"M"), 2u);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(XyChartTest, TheBandGoesThereAndBack) {
  const std::string svg = ToSvg(XyChart{.x = {.low = 0, .high = 1},
                                        .y = {.low = 0, .high = 1},
                                        .series = {{.points = {{0, 0.5, {{0, 1}}}, {1, 0.5, {{0, 1}}}}}}});
  // The corners of the plot, the upper ones first.
  const size_t band = svg.find("band\" d=\"");
  ASSERT_NE(band, std::string::npos);
  const std::string path = svg.substr(band + 9, svg.find('"', band + 9) - band - 9);
  EXPECT_EQ(Count(path, ","), 4u) << path;
  EXPECT_EQ(Count(path, "344.0"), 2u) << path;  // the bottom
  EXPECT_EQ(path.back(), 'z');
}

TEST(XyChartTest, NothingAndOnePointAndHugeValuesAreDocuments) {
  for (const XyChart& chart :
       {XyChart{}, XyChart{.series = {{}}}, XyChart{.series = {{.points = {{3, 3}}, .marks = true}}},
        XyChart{.series = {{.points = {{kNan, kNan}}}}},
        XyChart{.y = {.low = 5}, .series = {{.points = {{0, 1}}}}},
        XyChart{.y = {.low = 1, .high = -1}, .series = {{.points = {{0, 1}}}}},
        XyChart{.series = {{.points = {{1e308, -1e308}, {0, 1e99}, {-1e99, -1e99}}, .values = true}}}}) {
    const std::string svg = ToSvg(chart);
    EXPECT_TRUE(IsWellFormed(svg)) << svg;
    for (const char* wrong : {"nan", "inf"}) EXPECT_EQ(svg.find(wrong), std::string::npos) << svg;
  }
}

TEST(XyChartTest, ManyPointsAreThinnedAndPeaksStay) {
  XyChart chart{.series = {{}}};
  for (int i = 0; i < 100000; ++i) chart.series[0].points.push_back({double(i), i == 54321 ? 9.0 : 1.0});
  const std::string svg = ToSvg(chart);
  EXPECT_LT(svg.size(), 100000u);
  EXPECT_NE(svg.find("L430."), std::string::npos);  // the peak's place
  chart.series[0].points[54321].y = 1;
  EXPECT_EQ(Count(ToSvg(chart), ",44."), 0u);
}

TEST(XyChartTest, NamesAreEscaped) {
  XyChart chart = TwoLines();
  chart.title = chart.x.title = chart.y.title = chart.series[0].name = chart.series[1].name =
      "</text><script>alert(1)</script> \" & \x01";
  const std::string svg = ToSvg(chart);
  EXPECT_TRUE(IsWellFormed(svg)) << svg;
  EXPECT_EQ(svg.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace drover::plot
