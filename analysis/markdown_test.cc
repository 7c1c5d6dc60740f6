#include "analysis/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace drover::analysis {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(MarkdownTest, CellsCannotBreakTheTable) {
  EXPECT_EQ(MarkdownTable({"a", "b"}, {{"x|y", "1\n2"}}), "| a | b |\n| --- | --- |\n| x\\|y | 1 2 |\n");
}

TEST(MarkdownTest, TextsCannotCloseTheirFence) {
  const std::string quoted = Quoted("a\n```\n# not a heading\n````", 1000);
  EXPECT_EQ(quoted.substr(0, 10), "`````text\n");
  EXPECT_EQ(quoted.substr(quoted.size() - 7), "\n`````\n");
}

TEST(MarkdownTest, LongTextsAreCutBetweenCharacters) {
  EXPECT_THAT(Quoted("ääää", 3), ::testing::HasSubstr("\nä\n[... 6 more bytes]\n"));
}

TEST(MarkdownTest, ANameWhereThereIsLittleRoom) {
  EXPECT_EQ(ShortName("/runs/of/mine/sums/"), "sums");
  EXPECT_EQ(ShortName("sums"), "sums");
  EXPECT_EQ(ShortName("/"), "/");
  EXPECT_EQ(ShortName("org/model at http://host:8000/v1"), "org/model at http://host:8000/v1");
}

TEST(MarkdownTest, NumbersThatAreNone) {
  EXPECT_EQ(Percent(0.625), "62.5 %");
  EXPECT_EQ(Percent(kNan), "–");
  EXPECT_EQ(PercentWith(0.5, {0.25, 0.75}), "50.0 % [25.0 %, 75.0 %]");
  EXPECT_EQ(Fixed(kNan, 2), "–");
  EXPECT_TRUE(NumberOrNull(kNan).is_null());
  EXPECT_TRUE(IntervalJson({}).is_null());  // without bounds
}

}  // namespace
}  // namespace drover::analysis
