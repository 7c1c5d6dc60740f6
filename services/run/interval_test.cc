#include "services/run/interval.h"

#include <gtest/gtest.h>

namespace drover::run {
namespace {

// Against the closed form by hand (R: prop.test without continuity correction).
TEST(ShareInterval, IsWilsons) {
  const Interval half = ShareInterval(0.5, 100);
  EXPECT_NEAR(half.low, 0.4038315, 1e-6);
  EXPECT_NEAR(half.high, 0.5961685, 1e-6);
  const Interval few = ShareInterval(0.1, 10);
  EXPECT_NEAR(few.low, 0.0178762, 1e-6);
  EXPECT_NEAR(few.high, 0.4041500, 1e-6);
}

TEST(ShareInterval, StaysInItsRange) {
  EXPECT_NEAR(ShareInterval(0, 20).low, 0, 1e-12);
  EXPECT_NEAR(ShareInterval(0, 20).high, 0.1611, 1e-4);
  EXPECT_NEAR(ShareInterval(1, 20).high, 1, 1e-12);
  EXPECT_EQ(ShareInterval(0.5, 0).low, 0);
  EXPECT_EQ(ShareInterval(0.5, 0).high, 1);
}

TEST(ShareText, ForPeople) { EXPECT_EQ(ShareText(0.5, 100), "0.500 [0.404, 0.596]"); }

}  // namespace
}  // namespace drover::run
