#include "statistics/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace drover::statistics {
namespace {

// All 2^n outcomes of fair coins, those at least as uneven.
double ByEnumeration(uint64_t wins, uint64_t losses) {
  const uint64_t n = wins + losses, fewer = std::min(wins, losses);
  uint64_t extreme = 0;
  for (uint64_t coins = 0; coins < (uint64_t{1} << n); ++coins) {
    const auto heads = static_cast<uint64_t>(__builtin_popcountll(coins));
    if (std::min(heads, n - heads) <= fewer) ++extreme;
  }
  return static_cast<double>(extreme) / static_cast<double>(uint64_t{1} << n);
}

TEST(SignTest, IsTheShareOfAllOutcomes) {
  for (uint64_t wins = 0; wins <= 9; ++wins) {
    for (uint64_t losses = 0; losses <= 9; ++losses) {
      EXPECT_NEAR(SignTest(wins, losses), ByEnumeration(wins, losses), 1e-13) << wins << " " << losses;
    }
  }
}

// scipy 1.17.1: stats.binomtest(3, 20, .5).pvalue, stats.binomtest(2, 7, .5).pvalue
TEST(McNemarTest, IsScipysBinomialTest) {
  EXPECT_NEAR(McNemarTest(3, 17), 0.0025768280029296875, 1e-15);
  EXPECT_NEAR(McNemarTest(5, 2), 0.453125, 1e-15);
  EXPECT_EQ(McNemarTest(0, 0), 1);
}

// scipy 1.17.1: stats.ttest_1samp([.1, -.02, .07, .11, .03], 0)
TEST(PairedTTest, IsScipys) {
  const PairedT result = PairedTTest({0.1, -0.02, 0.07, 0.11, 0.03});
  EXPECT_NEAR(result.t, 2.4208732262760786, 1e-12);
  EXPECT_NEAR(result.p, 0.07269437574176804, 1e-13);
  EXPECT_NEAR(result.interval.high, 0.12451889671611728, 1e-14);
}

TEST(PairedTTest, OfWhatDoesNotVary) {
  EXPECT_EQ(PairedTTest({0.0, 0.0, 0.0}).p, 1);
  EXPECT_EQ(PairedTTest({0.5, 0.5, 0.5}).p, 0);
  EXPECT_EQ(PairedTTest({0.5}).p, 1);
  EXPECT_EQ(PairedTTest({}).p, 1);
}

}  // namespace
}  // namespace drover::statistics
