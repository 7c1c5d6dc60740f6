#include "statistics/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "statistics/paired.h"
#include "statistics/power.h"

namespace drover::statistics {
namespace {

using Method = PermutationResult::Method;

double ByEnumeration(const std::vector<double>& differences) {
  double observed = 0;
  for (const double d : differences) observed += d;
  uint64_t extreme = 0;
  const uint64_t all = uint64_t{1} << differences.size();
  for (uint64_t signs = 0; signs < all; ++signs) {
    double sum = 0;
    for (size_t i = 0; i < differences.size(); ++i)
      sum += (signs >> i) & 1 ? differences[i] : -differences[i];
    if (std::abs(sum) >= std::abs(observed) - 1e-9) ++extreme;
  }
  return static_cast<double>(extreme) / static_cast<double>(all);
}

TEST(PairedPermutationTest, OfSharesIsTheFullEnumeration) {
  RandomStream random(1, RandomPurpose::kResampling, 0);
  for (int i = 0; i < 200; ++i) {
    std::vector<double> differences(1 + random.Below(12));
    for (double& d : differences) d = (static_cast<double>(random.Below(17)) - 6) / 8;
    const PermutationResult result = PairedPermutationTest(differences);
    EXPECT_NEAR(result.p, ByEnumeration(differences), 1e-12);
    EXPECT_EQ(result.method, Method::kLattice);
  }
}

// Multiples of 1/3 and of 1/7 that rounding has blurred are still a lattice.
TEST(PairedPermutationTest, FindsTheCommonUnitThroughRounding) {
  std::vector<double> differences;
  for (const int d : {3, -1, 5, 8, 2, -4, 6, 1}) differences.push_back(d / 21.0 * 0.3);
  const PermutationResult result = PairedPermutationTest(differences);
  EXPECT_EQ(result.method, Method::kLattice);
  EXPECT_NEAR(result.p, ByEnumeration(differences), 1e-12);
}

TEST(PairedPermutationTest, OfAnyNumbersIsTheFullEnumeration) {
  RandomStream random(2, RandomPurpose::kResampling, 0);
  for (int i = 0; i < 20; ++i) {
    std::vector<double> differences(12);
    for (double& d : differences) d = DrawNormal(random) + 0.5;
    const PermutationResult result = PairedPermutationTest(differences);
    EXPECT_EQ(result.method, Method::kEnumeration);
    EXPECT_NEAR(result.p, ByEnumeration(differences), 1e-12);
  }
}

// scipy 1.17.1: stats.permutation_test((d, zeros(8)), lambda x, y: mean(x - y), permutation_type='samples', n_resamples=inf)
TEST(PairedPermutationTest, IsScipys) {
  EXPECT_NEAR(PairedPermutationTest({0.31, -0.12, 0.77, 0.05, 0.43, -0.2, 0.68, 0.11}).p, 0.1015625, 1e-12);
}

// Of differences that are 0 or ±1 it is McNemar's test, for as many questions as there are.
TEST(PairedPermutationTest, OfOneAnswerEachIsMcNemars) {
  std::vector<double> differences(3000, 0.0);
  for (size_t i = 0; i < 100; ++i) differences[i] = 1;
  for (size_t i = 100; i < 170; ++i) differences[i] = -1;
  const PermutationResult result = PairedPermutationTest(differences);
  EXPECT_TRUE(result.exact());
  EXPECT_NEAR(result.p, McNemarTest(100, 70), 1e-12);
}

TEST(PairedPermutationTest, DrawsBeyondTwentyAndIsTheSameForASeed) {
  RandomStream random(3, RandomPurpose::kResampling, 0);
  std::vector<double> differences(18);
  for (double& d : differences) d = DrawNormal(random) + 0.4;
  const double exact = PairedPermutationTest(differences).p;
  // Differences that hardly count make the set too large to enumerate and leave the answer as it was.
  for (int i = 0; i < 6; ++i) differences.push_back(1e-9 * (1.1 + DrawNormal(random)));
  PermutationOptions options;
  options.seed = 5;
  const PermutationResult drawn = PairedPermutationTest(differences, options);
  EXPECT_EQ(drawn.method, Method::kMonteCarlo);
  EXPECT_NEAR(drawn.p, exact, 4 * std::sqrt(exact * (1 - exact) / 1e5));
  EXPECT_EQ(PairedPermutationTest(differences, options).p, drawn.p);
}

TEST(PairedPermutationTest, OfNothing) {
  EXPECT_EQ(PairedPermutationTest({}).p, 1);
  EXPECT_EQ(PairedPermutationTest({0.0, 0.0}).p, 1);
  EXPECT_EQ(PairedPermutationTest({0.7}).p, 1);
}

}  // namespace
}  // namespace drover::statistics
