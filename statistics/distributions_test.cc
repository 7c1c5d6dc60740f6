#include "statistics/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drover::statistics {
namespace {

// The expected values are scipy 1.17.1's: stats.norm, t, nct and binom, as the comment of each test says.

TEST(Normal, IsScipys) {  // norm.cdf(-8), norm.ppf(.975), norm.ppf(1e-10)
  EXPECT_NEAR(NormalCdf(-8) / 6.22096057427174e-16, 1, 1e-12);
  EXPECT_DOUBLE_EQ(NormalQuantile(0.975), 1.959963984540054);
  EXPECT_NEAR(NormalQuantile(1e-10), -6.361340902404056, 1e-12);
}

TEST(StudentT, IsScipys) {  // t.cdf(2.1, 3.7), t.cdf(-30, 5), t.ppf(.975, 4), t.ppf(.995, 1.5)
  EXPECT_NEAR(StudentTCdf(2.1, 3.7), 0.9453676474588877, 1e-14);
  EXPECT_NEAR(StudentTCdf(-30, 5) / 3.8593243102480265e-07, 1, 1e-12);
  EXPECT_NEAR(StudentTQuantile(0.975, 4), 2.7764451051977934, 1e-12);
  EXPECT_NEAR(StudentTQuantile(0.995, 1.5), 17.820310514462804, 1e-9);
}

// One degree of freedom is Cauchy's distribution, two have a closed form.
TEST(StudentT, IsTheClosedFormOfOneAndTwoDegrees) {
  for (const double t : {-5.0, -0.3, 0.0, 1.0, 40.0}) {
    EXPECT_NEAR(StudentTCdf(t, 1), 0.5 + std::atan(t) / M_PI, 1e-14);
    EXPECT_NEAR(StudentTCdf(t, 2), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-14);
    EXPECT_NEAR(StudentTTwoSided(t, 1), 1 - 2 * std::atan(std::abs(t)) / M_PI, 1e-14);
  }
  EXPECT_EQ(StudentTTwoSided(std::numeric_limits<double>::infinity(), 3), 0);
}

TEST(NoncentralT, IsScipys) {  // nct.cdf(2.5, 9, 1.7), nct.cdf(-2.26, 9, 1.7)
  EXPECT_NEAR(NoncentralTCdf(2.5, 9, 1.7), 0.7354857149515088, 1e-12);
  EXPECT_NEAR(NoncentralTCdf(-2.26, 9, 1.7), 0.00023355387045623902, 1e-12);
}

TEST(Binomial, IsScipys) {  // binom.pmf(30, 100, .25), binom.cdf(480000, 10**6, .48), binom.cdf(3, 20, .5)
  EXPECT_NEAR(BinomialPmf(30, 100, 0.25), 0.04575380761048678, 1e-14);
  EXPECT_NEAR(BinomialCdf(480000, 1000000, 0.48), 0.5004045852030129, 1e-9);
  EXPECT_NEAR(BinomialCdf(3, 20, 0.5), 0.0012884140014648438, 1e-16);
}

TEST(Binomial, HasNoMassOutsideOfItsRange) {
  EXPECT_EQ(BinomialPmf(-1, 4, 0.5), 0);
  EXPECT_EQ(BinomialPmf(5, 4, 0.5), 0);
  EXPECT_EQ(BinomialCdf(-1, 4, 0.5), 0);
  EXPECT_EQ(BinomialCdf(4, 4, 0.5), 1);
  EXPECT_EQ(BinomialPmf(0, 0, 0.5), 1);
  EXPECT_EQ(BinomialPmf(3, 3, 1), 1);
}

}  // namespace
}  // namespace drover::statistics
