#include "analysis/agreement.h"

#include <gtest/gtest.h>

#include <cmath>

namespace drover::analysis {
namespace {

using Pairs = std::vector<std::pair<size_t, size_t>>;

Pairs Repeated(const std::vector<std::vector<int>>& counts) {
  Pairs pairs;
  for (size_t a = 0; a < counts.size(); ++a) {
    for (size_t b = 0; b < counts[a].size(); ++b) pairs.insert(pairs.end(), counts[a][b], {a, b});
  }
  return pairs;
}

TEST(AgreementTest, KappaOfWorkedExamples) {
  // 20 and 15 agreed of 50; chance: (25·30 + 25·20) / 50² = 0.5.
  const Agreement example = MeasureAgreement(Repeated({{20, 5}, {10, 15}}), {"yes", "no"});
  EXPECT_EQ(example.counts, (std::vector<std::vector<uint64_t>>{{20, 5}, {10, 15}}));
  EXPECT_DOUBLE_EQ(example.agreed, 0.7);
  EXPECT_NEAR(example.kappa, 0.4, 1e-12);
  // Three categories, computed by hand: agreed 0.7, chance 0.33.
  const Agreement three = MeasureAgreement(Repeated({{3, 1, 0}, {0, 2, 1}, {0, 1, 2}}), {"a", "b", "c"});
  EXPECT_NEAR(three.kappa, (0.7 - (4 * 3 + 3 * 4 + 3 * 3) / 100.0) / (1 - 0.33), 1e-12);
}

TEST(AgreementTest, TheEnds) {
  EXPECT_DOUBLE_EQ(MeasureAgreement(Repeated({{4, 0}, {0, 6}}), {"a", "b"}).kappa, 1);
  EXPECT_DOUBLE_EQ(MeasureAgreement(Repeated({{0, 5}, {5, 0}}), {"a", "b"}).kappa, -1);
  EXPECT_NEAR(MeasureAgreement(Repeated({{25, 25}, {25, 25}}), {"a", "b"}).kappa, 0, 1e-12);
  EXPECT_TRUE(std::isnan(MeasureAgreement({}, {"a", "b"}).kappa));
  EXPECT_TRUE(std::isnan(MeasureAgreement({}, {"a", "b"}).agreed));
  const Agreement same = MeasureAgreement(Repeated({{7, 0}, {0, 0}}), {"a", "b"});
  EXPECT_TRUE(std::isnan(same.kappa));  // nothing but chance
  EXPECT_DOUBLE_EQ(same.agreed, 1);
}

}  // namespace
}  // namespace drover::analysis
