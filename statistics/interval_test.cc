#include "statistics/interval.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "statistics/distributions.h"

namespace drover::statistics {
namespace {

// Against the closed form by hand (R: prop.test without continuity correction).
TEST(WilsonInterval, IsTheClosedForm) {
  const Interval half = WilsonInterval(0.5, 100);
  EXPECT_NEAR(half.low, 0.4038315, 1e-6);
  EXPECT_NEAR(half.high, 0.5961685, 1e-6);
  const Interval few = WilsonInterval(0.1, 10);
  EXPECT_NEAR(few.low, 0.0178762, 1e-6);
  EXPECT_NEAR(few.high, 0.4041500, 1e-6);
}

TEST(WilsonInterval, StaysInItsRange) {
  EXPECT_NEAR(WilsonInterval(0, 20).low, 0, 1e-12);
  EXPECT_NEAR(WilsonInterval(0, 20).high, 0.1611, 1e-4);
  EXPECT_NEAR(WilsonInterval(1, 20).high, 1, 1e-12);
  EXPECT_EQ(WilsonInterval(0.5, 0).low, 0);
  EXPECT_EQ(WilsonInterval(0.5, 0).high, 1);
}

// Wilson's interval holds the shares that the score test does not reject: at its ends the test's statistic is the quantile.
TEST(WilsonInterval, EndsWhereTheScoreTestDoes) {
  for (const double confidence : {0.8, 0.95, 0.99}) {
    const Interval interval = WilsonInterval(0.3, 47, confidence);
    for (const double end : {interval.low, interval.high}) {
      EXPECT_NEAR(std::abs(0.3 - end) / std::sqrt(end * (1 - end) / 47), NormalQuantile((1 + confidence) / 2),
                  1e-9);
    }
  }
}

// Exact coverage: the chance, over all counts, that the interval holds the share.
TEST(WilsonInterval, CoversAboutAsOftenAsItSays) {
  for (const double share : {0.05, 0.2, 0.5, 0.9}) {
    double covered = 0;
    for (int64_t k = 0; k <= 200; ++k) {
      if (WilsonInterval(static_cast<double>(k) / 200, 200).Contains(share))
        covered += BinomialPmf(k, 200, share);
    }
    EXPECT_GT(covered, 0.93) << share;
    EXPECT_LT(covered, 0.98) << share;
  }
}

TEST(ShareText, ForPeople) { EXPECT_EQ(ShareText(0.5, 100), "0.500 [0.404, 0.596]"); }

}  // namespace
}  // namespace drover::statistics
