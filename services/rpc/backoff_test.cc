#include "services/rpc/backoff.h"

#include <gtest/gtest.h>

namespace drover::rpc {
namespace {

TEST(Backoff, GrowsToItsLimitWithHalfOfItJitter) {
  Backoff backoff({.initial = absl::Seconds(1), .max = absl::Seconds(8), .factor = 2}, /*seed=*/1);
  for (const int longest : {1, 2, 4, 8, 8, 8}) {
    const absl::Duration delay = backoff.Next();
    EXPECT_GE(delay, absl::Seconds(longest) / 2);
    EXPECT_LT(delay, absl::Seconds(longest));
  }
}

TEST(Backoff, ResetBeginsAgain) {
  Backoff backoff({.initial = absl::Seconds(1), .max = absl::Hours(1), .factor = 10}, 1);
  backoff.Next();
  EXPECT_GE(backoff.Next(), absl::Seconds(5));
  backoff.Reset();
  EXPECT_LT(backoff.Next(), absl::Seconds(1));
}

TEST(Backoff, TwoSeedsDoNotWakeTogether) {
  Backoff a({}, 1), b({}, 2);
  int equal = 0;
  for (int i = 0; i < 20; ++i) equal += a.Next() == b.Next();
  EXPECT_EQ(equal, 0);
}

TEST(Backoff, InitialAboveMaxIsMax) {
  Backoff backoff({.initial = absl::Seconds(10), .max = absl::Seconds(1)}, 1);
  EXPECT_LT(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace drover::rpc
