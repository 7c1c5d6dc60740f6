#include "services/grading/hedge_policy.h"

#include <gtest/gtest.h>

namespace drover::grading {
namespace {

constexpr auto Ms = [](int64_t n) { return absl::Milliseconds(n); };

TEST(HedgePolicy, WithoutSamplesTheInitialDelay) {
  HedgePolicy policy({.initial = Ms(700), .min_samples = 3});
  EXPECT_EQ(policy.Delay(), Ms(700));
  policy.Observe(Ms(50));
  policy.Observe(Ms(50));
  EXPECT_EQ(policy.Delay(), Ms(700));
  policy.Observe(Ms(50));
  EXPECT_EQ(policy.Delay(), Ms(150));
}

// 100 answers of 1, 2, ..., 100 ms: the 95th is 95 ms, three times that is 285 ms.
TEST(HedgePolicy, AMultipleOfTheQuantile) {
  HedgePolicy policy({.window = 100});
  for (int i = 100; i >= 1; --i) policy.Observe(Ms(i));
  EXPECT_EQ(policy.Delay(), Ms(285));
  HedgePolicy median({.quantile = 0.5, .multiplier = 4, .window = 100});
  for (int i = 1; i <= 100; ++i) median.Observe(Ms(i));
  EXPECT_EQ(median.Delay(), Ms(200));
}

TEST(HedgePolicy, OneStragglerInTwentyDoesNotRaiseIt) {
  HedgePolicy policy({});
  for (int i = 0; i < 95; ++i) policy.Observe(Ms(40));
  for (int i = 0; i < 5; ++i) policy.Observe(absl::Seconds(30));
  EXPECT_EQ(policy.Delay(), Ms(120));
}

TEST(HedgePolicy, FloorAndCeiling) {
  HedgePolicy fast({.floor = Ms(100)}), slow({.ceiling = absl::Seconds(5)});
  for (int i = 0; i < 50; ++i) {
    fast.Observe(Ms(1));
    slow.Observe(absl::Seconds(10));
  }
  EXPECT_EQ(fast.Delay(), Ms(100));
  EXPECT_EQ(slow.Delay(), absl::Seconds(5));
}

TEST(HedgePolicy, OldAnswersAreForgotten) {
  HedgePolicy policy({.floor = Ms(0), .window = 20, .min_samples = 20});
  for (int i = 0; i < 20; ++i) policy.Observe(absl::Seconds(1));
  EXPECT_EQ(policy.Delay(), absl::Seconds(3));
  for (int i = 0; i < 19; ++i) policy.Observe(Ms(10));
  EXPECT_EQ(policy.Delay(), Ms(30));  // one of twenty is still slow: the 19th is not
  policy.Observe(Ms(10));
  EXPECT_EQ(policy.Delay(), Ms(30));
}

TEST(HedgePolicy, SwitchedOff) {
  EXPECT_EQ(HedgePolicy({.enabled = false}).Delay(), absl::InfiniteDuration());
}

TEST(HedgePolicy, WrongOptionsAreNamed) {
  EXPECT_TRUE(HedgeOptions().Validate().ok());
  EXPECT_FALSE(HedgeOptions{.quantile = 0}.Validate().ok());
  EXPECT_FALSE(HedgeOptions{.multiplier = 0.5}.Validate().ok());
  EXPECT_FALSE(HedgeOptions{.floor = absl::Seconds(10)}.Validate().ok());
  EXPECT_FALSE((HedgeOptions{.window = 5, .min_samples = 6}.Validate().ok()));
}

}  // namespace
}  // namespace drover::grading
