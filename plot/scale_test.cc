#include "plot/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace drover::plot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ScaleTest, RangeOfIgnoresWhatCannotBeDrawn) {
  const Range range = RangeOf({kNan, 3, -kInfinity, 1, 1e300, kInfinity});
  EXPECT_EQ(range.low, 1);
  EXPECT_EQ(range.high, 3);
}

TEST(ScaleTest, NoValueAndOneValueHaveARange) {
  EXPECT_EQ(RangeOf({}).high, 1);
  EXPECT_EQ(RangeOf({0}).low, -0.5);
  const Range one = RangeOf({1e15});
  EXPECT_LT(one.low, 1e15);
  EXPECT_GT(one.high, 1e15);
  const Range next = RangeOf({1, std::nextafter(1, 2)});
  EXPECT_GT(next.high - next.low, 0.1);  // no tick stands between neighbouring doubles
}

TEST(ScaleTest, TicksAreRoundAndWithinTheRange) {
  EXPECT_DOUBLE_EQ(TickDistance({0, 1}, 6), 0.2);
  EXPECT_DOUBLE_EQ(TickDistance({0, 100}, 10), 10);
  EXPECT_DOUBLE_EQ(TickDistance({-3, 4}, 4), 2);
  EXPECT_THAT(Ticks({0, 1}, 0.2), ElementsAre(0, DoubleNear(0.2, 1e-12), DoubleNear(0.4, 1e-12),
                                              DoubleNear(0.6, 1e-12), DoubleNear(0.8, 1e-12), 1));
  EXPECT_THAT(Ticks({-0.5, 1.5}, 1), ElementsAre(0, 1));
}

TEST(ScaleTest, AnyRangeHasFewTicksInsideOfIt) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-90, 90), part(-1, 1);
  for (int i = 0; i < 10000; ++i) {
    const double size = std::pow(10, exponent(random));
    const Range range = RangeOf({part(random) * size, part(random) * size});
    const double distance = TickDistance(range, 6);
    const std::vector<double> ticks = Ticks(range, distance);
    ASSERT_LE(ticks.size(), 8u);
    ASSERT_GE(ticks.size(), 1u);
    const Range wide = Widened(range, distance);
    ASSERT_LE(wide.low, range.low + distance * 1e-6);
    ASSERT_GE(wide.high, range.high - distance * 1e-6);
    ASSERT_GE(Ticks(wide, distance).size(), ticks.size());
    for (double tick : ticks) ASSERT_TRUE(std::isfinite(tick));
  }
}

TEST(ScaleTest, TextsTellNeighboursApart) {
  EXPECT_EQ(TickText(0.2, 0.2, false), "0.2");
  EXPECT_EQ(TickText(0.25, 0.05, true), "25 %");
  EXPECT_EQ(TickText(0.005, 0.005, true), "0.5 %");
  EXPECT_EQ(TickText(1500, 500, false), "1500");
  EXPECT_EQ(TickText(15000, 5000, false), "15,000");
  EXPECT_EQ(TickText(-1234567, 1, false), "-1,234,567");
  EXPECT_EQ(TickText(12345.5, 0.5, false), "12,345.5");
  EXPECT_EQ(TickText(3e12, 1e12, false), "3e+12");
  EXPECT_EQ(TickText(2e-9, 1e-9, false), "2e-09");
}

TEST(ScaleTest, ValuesOutsideAreAtTheEdge) {
  const Scale scale{{0, 2}, 100, 0};  // as a y axis: downwards
  EXPECT_EQ(scale.At(1), 50);
  EXPECT_EQ(scale.At(-7), 100);
  EXPECT_EQ(scale.At(7), 0);
}

}  // namespace
}  // namespace drover::plot
