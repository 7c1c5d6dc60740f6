#include "services/experience/failures.h"

#include <gtest/gtest.h>

#include "services/experience/recent_actors.h"

namespace drover::experience {
namespace {

TEST(FailuresTest, PausesDoubleToTenSeconds) {
  Failures failures;
  absl::Duration now;
  for (const absl::Duration pause :
       {absl::Milliseconds(250), absl::Milliseconds(500), absl::Seconds(1), absl::Seconds(2),
        absl::Seconds(4), absl::Seconds(8), absl::Seconds(10), absl::Seconds(10)}) {
    failures.Count(7, "no verifier", now);
    EXPECT_FALSE(failures.MayLease(7, now + pause - absl::Milliseconds(1))) << pause;
    EXPECT_TRUE(failures.MayLease(7, now + pause)) << pause;
    EXPECT_TRUE(failures.MayLease(8, now));
    now += absl::Minutes(1);
  }
}

TEST(FailuresTest, TheFirstThreeReasonsThatDifferAreKept) {
  Failures failures;
  uint32_t count = 0;
  for (const char* reason : {"a", "b", "a", "c", "d"})
    count = failures.Count(0, reason, absl::ZeroDuration());
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(failures.Reasons(0), "a; or: b; or: c");
  failures.Forget(0);
  EXPECT_EQ(failures.Reasons(0), "");
  EXPECT_EQ(failures.Count(0, "e", absl::ZeroDuration()), 1u);
}

TEST(RecentActorsTest, CountsThoseOfTheLastMinuteUpToItsBound) {
  RecentActors actors;
  actors.Saw("a", absl::Seconds(0));
  actors.Saw("b", absl::Seconds(30));
  actors.Saw("b", absl::Seconds(40));
  EXPECT_EQ(actors.CountAt(absl::Seconds(60)), 2u);
  EXPECT_EQ(actors.CountAt(absl::Seconds(61)), 1u);
  for (size_t i = 0; i < 2 * RecentActors::kMost; ++i) {
    actors.Saw("actor-" + std::to_string(i), absl::Seconds(50));
  }
  EXPECT_EQ(actors.CountAt(absl::Seconds(50)), RecentActors::kMost);
  actors.Saw("late", absl::Seconds(111));  // takes the place of those that are forgotten
  EXPECT_EQ(actors.CountAt(absl::Seconds(111)), 1u);
}

}  // namespace
}  // namespace drover::experience
