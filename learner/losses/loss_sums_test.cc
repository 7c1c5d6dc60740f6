#include "learner/losses/loss_sums.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace drover::learner {
namespace {

// Field f of chunk c is 10 c + f, in the order of the tables.
LossSums Chunk(double number) {
  LossSums sums;
  double field = 10.0 * number;
  for (const auto member : kLossSums<torch::Tensor>) sums.*member = at::scalar_tensor(field++, at::kDouble);
  for (const auto member : kLossMaxima<torch::Tensor>) sums.*member = at::scalar_tensor(field++, at::kDouble);
  return sums;
}

TEST(TotalsOf, AddsSumsAndTakesTheLargestOfMaxima) {
  const LossTotals totals = TotalsOf({Chunk(1), Chunk(3), Chunk(2)});
  EXPECT_EQ(totals.loss, 60.0);
  EXPECT_EQ(totals.clipped, 63.0);
  EXPECT_EQ(totals.masked, 66.0);
  EXPECT_EQ(totals.weight, 69.0);
  EXPECT_EQ(totals.ratio, 72.0);
  EXPECT_EQ(totals.kl_old, 75.0);
  EXPECT_EQ(totals.kl_reference, 78.0);
  EXPECT_EQ(totals.entropy, 81.0);
  EXPECT_EQ(totals.value_loss, 84.0);
  EXPECT_EQ(totals.ratio_max, 39.0);
}

TEST(TotalsOf, NoChunksAreZeros) { EXPECT_EQ(TotalsOf({}).loss, 0.0); }

TEST(TotalsOf, EveryFieldIsInATable) {
  EXPECT_EQ(sizeof(LossTotals), sizeof(double) * (kLossSums<double>.size() + kLossMaxima<double>.size()));
}

}  // namespace
}  // namespace drover::learner
