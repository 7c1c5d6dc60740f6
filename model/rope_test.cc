// Frequencies against formulas of the papers, by hand.
#include "model/rope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

// theta = 10000, 8 numbers a head: 1, 0.1, 0.01, 0.001 without scaling.
RopeDescription Scaled(const RopeScaling& scaling, double share = 1.0) {
  return DescribeRope({.theta = 10000.0, .rotated_share = share, .scaling = scaling}, 8);
}

TEST(DescribeRope, WithoutScaling) {
  const RopeDescription rope = Scaled({});
  EXPECT_THAT(rope.frequencies,
              ElementsAre(1.0F, FloatNear(0.1, 1e-8), FloatNear(0.01, 1e-9), FloatNear(0.001, 1e-10)));
  EXPECT_EQ(rope.scale, 1.0);
  EXPECT_THAT(Scaled({}, 0.5).frequencies, ElementsAre(1.0F, FloatNear(0.01, 1e-9)));
  EXPECT_EQ(Scaled(DynamicRopeScaling{4.0}), rope);
}

TEST(DescribeRope, Linear) {
  EXPECT_THAT(Scaled(LinearRopeScaling{4.0}).frequencies,
              ElementsAre(0.25F, FloatNear(0.025, 1e-8), FloatNear(0.0025, 1e-9), FloatNear(0.00025, 1e-10)));
}

// 1 makes 159 turns in 1000 positions, 0.1 makes 15.9, 0.01 makes 1.59, 0.001 makes 0.159.
TEST(DescribeRope, Llama3) {
  const RopeDescription rope = Scaled(Llama3RopeScaling{10.0, 1.0, 4.0, 1000});
  const double blend = (10.0 / (2.0 * M_PI) - 1.0) / 3.0;
  EXPECT_THAT(rope.frequencies,
              ElementsAre(1.0F, FloatNear(0.1, 1e-8), FloatNear(0.01 * (0.1 * (1.0 - blend) + blend), 1e-9),
                          FloatNear(0.0001, 1e-11)));
}

// Index i of n turns: 10000^(-i/4) 1000 / 2 pi = n, so i = 4 log(1000 / (2 pi n)) / log 10000: 0.695 for 32 turns,
// 2.202 for one. Rounded outwards 0 and 3.
TEST(DescribeRope, Yarn) {
  YarnRopeScaling scaling{.factor = 10.0, .original_max_positions = 1000, .attention_factor = 1.25};
  const RopeDescription rope = Scaled(scaling);
  EXPECT_EQ(rope.scale, 1.25);
  EXPECT_THAT(rope.frequencies,
              ElementsAre(1.0F, FloatNear(0.1 * (2.0 / 3.0 + 1.0 / 30.0), 1e-8),
                          FloatNear(0.01 * (1.0 / 3.0 + 2.0 / 30.0), 1e-9), FloatNear(0.0001, 1e-11)));
  scaling.truncate = false;
  const double low = std::log10(1000.0 / (64.0 * M_PI)), high = std::log10(1000.0 / (2.0 * M_PI));
  const double blend = (1.0 - low) / (high - low);
  EXPECT_THAT(Scaled(scaling).frequencies[1], FloatNear(0.1 * (1.0 - blend + blend / 10.0), 1e-8));
}

TEST(DescribeRope, LongRopeWithinTheOriginalContext) {
  const RopeDescription rope = Scaled(LongRopeScaling{{1, 2, 4, 5}, {8, 8, 8, 8}, 100, 1.19});
  EXPECT_EQ(rope.scale, 1.19);
  EXPECT_THAT(rope.frequencies,
              ElementsAre(1.0F, FloatNear(0.05, 1e-8), FloatNear(0.0025, 1e-9), FloatNear(0.0002, 1e-11)));
}

}  // namespace
}  // namespace drover::model
