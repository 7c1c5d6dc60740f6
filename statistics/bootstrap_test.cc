#include "statistics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "statistics/power.h"

namespace drover::statistics {
namespace {

const std::vector<double> kSkewed{0.2, 1.1, 0.4, 3.7, 0.9, 0.1, 2.2, 0.6, 0.5, 7.9, 1.4, 0.3};
const std::vector<double> kOther{0.5, 0.9, 0.2, 0.4, 1.9, 0.8, 0.1};

BootstrapOptions Many() {
  BootstrapOptions options;
  options.resamples = 200000;
  return options;
}

// scipy 1.17.1: stats.bootstrap((v,), mean, n_resamples=400000, method="percentile" and "BCa"): to the noise of resampling.
TEST(BootstrapMean, IsScipys) {
  const BootstrapIntervals result = BootstrapMean(kSkewed, Many());
  EXPECT_NEAR(result.percentile.low, 0.625, 0.02);
  EXPECT_NEAR(result.percentile.high, 2.9833, 0.03);
  EXPECT_NEAR(result.bca.low, 0.7833, 0.02);
  EXPECT_NEAR(result.bca.high, 3.625, 0.05);
}

// scipy 1.17.1: stats.bootstrap((v, u), lambda x, y, axis: mean(x, axis) - mean(y, axis), n_resamples=400000, method=...)
TEST(BootstrapDifference, IsScipys) {
  const BootstrapIntervals result = BootstrapDifference(kSkewed, kOther, Many());
  EXPECT_NEAR(result.percentile.low, -0.175, 0.03);
  EXPECT_NEAR(result.percentile.high, 2.3524, 0.03);
  EXPECT_NEAR(result.bca.low, 0.00595, 0.03);
  EXPECT_NEAR(result.bca.high, 2.8598, 0.05);
}

TEST(BootstrapMean, IsTheSameForASeedAndMovesWithIt) {
  BootstrapOptions other;
  other.seed = 1;
  EXPECT_EQ(BootstrapMean(kSkewed).bca.low, BootstrapMean(kSkewed).bca.low);
  EXPECT_NE(BootstrapMean(kSkewed).bca.high, BootstrapMean(kSkewed, other).bca.high);
}

TEST(BootstrapMean, OfWhatDoesNotVaryIsThatValue) {
  const BootstrapIntervals same = BootstrapMean({2.0, 2.0, 2.0});
  EXPECT_EQ(same.bca.low, 2);
  EXPECT_EQ(same.bca.high, 2);
  EXPECT_TRUE(std::isinf(BootstrapMean({2.0}).bca.low));
  EXPECT_TRUE(std::isnan(BootstrapMean({}).estimate));
}

// The mean of the skewed exponential distribution is 1: BCa holds it more often than the percentiles.
TEST(BootstrapMean, CoversNearlyAsOftenAsItSays) {
  constexpr int kTries = 1000;
  int bca = 0, percentile = 0;
  RandomStream random(13, RandomPurpose::kResampling, 0);
  for (int i = 0; i < kTries; ++i) {
    std::vector<double> values(40);
    for (double& value : values) value = -std::log1p(-random.Uniform());
    BootstrapOptions options;
    options.resamples = 1000;
    options.seed = static_cast<uint64_t>(i);
    const BootstrapIntervals result = BootstrapMean(values, options);
    bca += result.bca.Contains(1);
    percentile += result.percentile.Contains(1);
  }
  EXPECT_GT(static_cast<double>(bca) / kTries, 0.915);
  EXPECT_LT(static_cast<double>(bca) / kTries, 0.97);
  EXPECT_GE(bca, percentile);
}

}  // namespace
}  // namespace drover::statistics
