#include "statistics/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "statistics/power.h"

namespace drover::statistics {
namespace {

TEST(Moments, WorkedByHand) {
  const std::vector<double> values{2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_DOUBLE_EQ(Mean(values), 5);
  EXPECT_DOUBLE_EQ(SampleVariance(values), 32.0 / 7);
  EXPECT_DOUBLE_EQ(StandardError(values), std::sqrt(32.0 / 7 / 8));
}

TEST(Moments, OfFewValues) {
  EXPECT_TRUE(std::isnan(Mean({})));
  EXPECT_TRUE(std::isnan(SampleVariance({3.0})));
  EXPECT_EQ(Mean({3.0}), 3);
  EXPECT_TRUE(std::isinf(MeanInterval({3.0}).low));
  EXPECT_TRUE(std::isinf(MeanInterval({}).high));
}

TEST(Median, IsInTheMiddle) {
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_EQ(Median({3}), 3);
  EXPECT_EQ(Median({9, 1}), 5);
  EXPECT_EQ(Median({9, 1, 2}), 2);
  EXPECT_EQ(Median({9, 1, 4, 2}), 3);
  EXPECT_EQ(Median({5, 5, 1, 5, 9, 9}), 5);
}

// A variance of sums of squares would lose every digit here.
TEST(SampleVariance, KeepsItsDigitsFarFromZero) {
  EXPECT_NEAR(SampleVariance({1e9 + 1, 1e9 + 2, 1e9 + 3}), 1, 1e-6);
}

// scipy 1.17.1: stats.ttest_1samp([.1, -.02, .07, .11, .03], 0).confidence_interval()
TEST(MeanInterval, IsScipys) {
  const Interval interval = MeanInterval({0.1, -0.02, 0.07, 0.11, 0.03});
  EXPECT_NEAR(interval.low, -0.00851889671611726, 1e-14);
  EXPECT_NEAR(interval.high, 0.12451889671611728, 1e-14);
}

TEST(MeanInterval, CoversAsOftenAsItSays) {
  int covered = 0;
  constexpr int kTries = 4000;
  RandomStream random(7, RandomPurpose::kResampling, 0);
  for (int i = 0; i < kTries; ++i) {
    std::vector<double> values(5);
    for (double& value : values) value = 10 + 3 * DrawNormal(random);
    covered += MeanInterval(values, 0.9).Contains(10);
  }
  EXPECT_NEAR(static_cast<double>(covered) / kTries, 0.9, 0.015);  // three standard errors
}

}  // namespace
}  // namespace drover::statistics
