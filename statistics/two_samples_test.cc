#include "statistics/two_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "statistics/power.h"

namespace drover::statistics {
namespace {

const std::vector<double> kFirst{0.61, 0.72, 0.55, 0.80, 0.67};

// scipy 1.17.1: stats.ttest_ind([.61, .72, .55, .80, .67], [.50, .66, .58, .61], equal_var=False)
TEST(WelchTest, IsScipys) {
  const Welch result = WelchTest(kFirst, {0.50, 0.66, 0.58, 0.61});
  EXPECT_NEAR(result.t, 1.5080183847348534, 1e-12);
  EXPECT_NEAR(result.df, 6.9194906773839335, 1e-11);
  EXPECT_NEAR(result.p, 0.17577524254315807, 1e-12);
  EXPECT_NEAR(result.interval.low, -0.047168561793112795, 1e-12);
  EXPECT_NEAR(result.interval.high, 0.21216856179311283, 1e-12);
}

TEST(WelchTest, OfWhatDoesNotVary) {
  EXPECT_EQ(WelchTest({1.0, 1.0}, {1.0, 1.0}).p, 1);
  EXPECT_EQ(WelchTest({1.0, 1.0}, {2.0, 2.0}).p, 0);
  EXPECT_EQ(WelchTest({1.0}, {2.0, 3.0}).p, 1);
  EXPECT_EQ(WelchTest({}, {}).p, 1);
}

TEST(WelchTest, CoversAsOftenAsItSaysWithUnequalVariances) {
  constexpr int kTries = 4000;
  int covered = 0;
  RandomStream random(17, RandomPurpose::kResampling, 0);
  for (int i = 0; i < kTries; ++i) {
    std::vector<double> first(5), second(8);
    for (double& value : first) value = 1 + 4 * DrawNormal(random);
    for (double& value : second) value = DrawNormal(random);
    covered += WelchTest(first, second).interval.Contains(1);
  }
  EXPECT_NEAR(static_cast<double>(covered) / kTries, 0.95, 0.015);
}

// Each choice of positions for the first sample's values, ranks as means over ties.
double ByEnumeration(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> all = first;
  all.insert(all.end(), second.begin(), second.end());
  const auto u_of = [&](uint64_t chosen) {
    double u = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = 0; j < all.size(); ++j) {
        if (!((chosen >> i) & 1) || ((chosen >> j) & 1)) continue;
        u += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
      }
    }
    return u;
  };
  const double middle = static_cast<double>(first.size() * second.size()) / 2;
  const double observed = std::abs(u_of((uint64_t{1} << first.size()) - 1) - middle);
  double extreme = 0, sets = 0;
  for (uint64_t chosen = 0; chosen < (uint64_t{1} << all.size()); ++chosen) {
    if (static_cast<size_t>(__builtin_popcountll(chosen)) != first.size()) continue;
    ++sets;
    extreme += std::abs(u_of(chosen) - middle) >= observed;
  }
  return extreme / sets;
}

TEST(MannWhitneyTest, IsTheFullEnumerationWithTiesToo) {
  RandomStream random(19, RandomPurpose::kResampling, 0);
  for (int i = 0; i < 60; ++i) {
    std::vector<double> first(1 + random.Below(5)), second(1 + random.Below(6));
    for (double& value : first) value = static_cast<double>(random.Below(6)) + 1;
    for (double& value : second) value = static_cast<double>(random.Below(6));
    EXPECT_NEAR(MannWhitneyTest(first, second).p, ByEnumeration(first, second), 1e-12);
  }
}

// scipy 1.17.1: stats.mannwhitneyu(a, [.50, .66, .58, .62], method="exact")
TEST(MannWhitneyTest, IsScipysExactOne) {
  const MannWhitney result = MannWhitneyTest(kFirst, {0.50, 0.66, 0.58, 0.62});
  EXPECT_EQ(result.u, 15);
  EXPECT_EQ(result.superiority, 0.75);
  EXPECT_NEAR(result.p, 0.28571428571428570, 1e-12);
}

// scipy 1.17.1: stats.mannwhitneyu(round(sin(1.7 i) + .3, 1), round(cos(.9 i), 1), method="asymptotic"), i = 0..79
TEST(MannWhitneyTest, IsScipysNormalOneForMany) {
  std::vector<double> first, second;
  for (int i = 0; i < 80; ++i) {
    first.push_back(std::nearbyint((std::sin(1.7 * i) + 0.3) * 10) / 10);
    second.push_back(std::nearbyint(std::cos(0.9 * i) * 10) / 10);
  }
  const MannWhitney result = MannWhitneyTest(first, second);
  EXPECT_FALSE(result.exact);
  EXPECT_EQ(result.u, 4019);
  EXPECT_NEAR(result.p, 0.005143992776040611, 1e-12);
}

TEST(MannWhitneyTest, OfNothing) {
  EXPECT_EQ(MannWhitneyTest({}, {1.0}).p, 1);
  EXPECT_EQ(MannWhitneyTest({1.0, 1.0}, {1.0}).p, 1);
  EXPECT_EQ(MannWhitneyTest(std::vector<double>(50, 1.0), std::vector<double>(50, 1.0)).p, 1);
}

}  // namespace
}  // namespace drover::statistics
