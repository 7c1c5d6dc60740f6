#include "statistics/pass_at_k.h"

#include <gtest/gtest.h>

#include <cmath>

namespace drover::statistics {
namespace {

// The share of all subsets of k responses that hold a right one; the first `correct` are right.
double ByEnumeration(uint64_t n, uint64_t correct, uint64_t k) {
  uint64_t subsets = 0, with = 0;
  for (uint64_t set = 0; set < (uint64_t{1} << n); ++set) {
    if (static_cast<uint64_t>(__builtin_popcountll(set)) != k) continue;
    ++subsets;
    if (set & ((uint64_t{1} << correct) - 1)) ++with;
  }
  return static_cast<double>(with) / static_cast<double>(subsets);
}

TEST(PassAtK, IsTheShareOfAllSubsets) {
  for (uint64_t n = 1; n <= 10; ++n) {
    for (uint64_t correct = 0; correct <= n; ++correct) {
      for (uint64_t k = 1; k <= n; ++k) {
        EXPECT_NEAR(PassAtK(n, correct, k), ByEnumeration(n, correct, k), 1e-14)
            << n << " " << correct << " " << k;
      }
    }
  }
}

TEST(PassAtK, OneIsTheShare) {
  EXPECT_NEAR(PassAtK(1000000, 1, 1) / 1e-6, 1, 1e-9);
  EXPECT_NEAR(PassAtK(1000000, 370000, 1), 0.37, 1e-14);
}

// With one right response of n the chance is k / n: small values keep their digits, and large binomials do not overflow.
TEST(PassAtK, OfAMillion) {
  EXPECT_NEAR(PassAtK(1000000, 1, 7) / 7e-6, 1, 1e-9);
  EXPECT_NEAR(PassAtK(1000000, 1, 500000), 0.5, 1e-12);
  // log C(n - c, k) - log C(n, k) by the gamma function.
  const double n = 1e6, c = 300, k = 2000;
  const double log_none =
      std::lgamma(n - c + 1) - std::lgamma(n - c - k + 1) - std::lgamma(n + 1) + std::lgamma(n - k + 1);
  EXPECT_NEAR(PassAtK(1000000, 300, 2000), 1 - std::exp(log_none), 1e-8);
  EXPECT_EQ(PassAtK(1000000, 500001, 500000), 1);
}

TEST(PassAtK, RefusesWhatCannotBe) {
  EXPECT_DEATH(PassAtK(4, 5, 1), "check failed");
  EXPECT_DEATH(PassAtK(4, 1, 5), "check failed");
  EXPECT_DEATH(PassAtK(4, 1, 0), "check failed");
}

}  // namespace
}  // namespace drover::statistics
