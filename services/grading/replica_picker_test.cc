#include "services/grading/replica_picker.h"

#include <gtest/gtest.h>

namespace drover::grading {
namespace {

const absl::Time kStart = absl::UnixEpoch();
absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

ReplicaPicker Three() {
  return ReplicaPicker(3, {.first_rest = absl::Seconds(1), .longest_rest = absl::Seconds(4)});
}

TEST(ReplicaPicker, RoundRobin) {
  ReplicaPicker picker = Three();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(picker.Pick(kStart), static_cast<size_t>(i % 3));
}

TEST(ReplicaPicker, TroubleRestsAndOneTrialEndsIt) {
  ReplicaPicker picker = Three();
  picker.OnTrouble(1, At(0));
  for (int i = 0; i < 4; ++i) EXPECT_NE(picker.Pick(At(0.5)), 1u);
  // After a second one attempt tries it; until that has ended the others pass it over.
  int trials = 0;
  for (int i = 0; i < 6; ++i) trials += picker.Pick(At(1)) == 1;
  EXPECT_EQ(trials, 1);
  picker.OnSuccess(1);
  trials = 0;
  for (int i = 0; i < 6; ++i) trials += picker.Pick(At(1)) == 1;
  EXPECT_EQ(trials, 2);
}

TEST(ReplicaPicker, RestsDoubleUpToTheLongest) {
  ReplicaPicker picker = Three();
  double now = 0;
  for (const double rest : {1, 2, 4, 4}) {
    picker.OnTrouble(0, At(now));
    const auto picks_it = [&](double at) {
      for (int i = 0; i < 3; ++i) {
        if (picker.Pick(At(at)) == 0) return true;
      }
      return false;
    };
    EXPECT_FALSE(picks_it(now + rest - 0.01));
    now += rest;
    EXPECT_TRUE(picks_it(now));
  }
  picker.OnSuccess(0);
  picker.OnTrouble(0, At(now));
  EXPECT_TRUE(picker.AnyFit(At(now)));
  EXPECT_EQ(picker.PickOther(1, At(now)), std::optional<size_t>(2));
  EXPECT_EQ(picker.PickOther(2, At(now)), std::optional<size_t>(1));
  for (int i = 0; i < 3; ++i) EXPECT_NE(picker.Pick(At(now + 0.99)), 0u);  // the first rest again
}

TEST(ReplicaPicker, WhenAllRestTheFirstToEndIsPicked) {
  ReplicaPicker picker = Three();
  picker.OnTrouble(2, At(0));
  picker.OnTrouble(0, At(0.1));
  picker.OnTrouble(1, At(0.2));
  EXPECT_FALSE(picker.AnyFit(At(0.3)));
  EXPECT_EQ(picker.Pick(At(0.3)), 2u);
  EXPECT_EQ(picker.PickOther(2, At(0.3)), std::nullopt);
}

TEST(ReplicaPicker, OneReplicaIsAlwaysPickedAndHasNoOther) {
  ReplicaPicker picker(1, {});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(picker.Pick(At(i)), 0u);
    EXPECT_EQ(picker.PickOther(0, At(i)), std::nullopt);
    picker.OnTrouble(0, At(i));
  }
}

}  // namespace
}  // namespace drover::grading
