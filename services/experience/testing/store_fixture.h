// The fixture of the store's tests: a small run in a folder of its own, under a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "services/experience/testing/support.h"

namespace drover::experience::testing {

inline constexpr absl::Duration kSoon = absl::Seconds(20);

class StoreTest : public ::testing::Test {
 protected:
  void Open(uint64_t steps, uint64_t prompts, uint64_t bound = 0, bool drop = false) {
    options_ = SmallRun(folder_.path(), &clock_, steps, prompts, bound);
    options_.drop_equal_groups = drop;
    store_ = MustOpen(options_);
    ASSERT_NE(store_, nullptr);
  }
  void Restart(uint64_t version) {
    store_.reset();
    store_ = MustOpen(options_);
    ASSERT_NE(store_, nullptr);
    Begin(version);
  }
  void Begin(uint64_t version) {
    ASSERT_TRUE(store_->StartIncarnation(version).ok());
    ASSERT_TRUE(store_->Publish(version).ok());
  }
  // Serves everything that may be leased at `version`.
  void Serve(uint64_t version) {
    const v1::LeaseGroupsResponse response = Lease(*store_, 100);
    for (const v1::Lease& lease : response.leases()) {
      EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, version)), v1::SUBMIT_OUTCOME_ACCEPTED);
    }
  }
  // One whole rollout; returns its groups.
  std::vector<v1::Group> TrainOne(uint64_t rollout) {
    auto groups = store_->WaitForRollout(rollout, kSoon);
    EXPECT_TRUE(groups.ok()) << groups.status();
    const uint64_t step = 2 * rollout + 1;
    EXPECT_TRUE(store_->MarkTrained(rollout, rollout + 1, step, step + 1).ok());
    EXPECT_TRUE(store_->Publish(rollout + 1).ok());
    return groups.ok() ? *std::move(groups) : std::vector<v1::Group>();
  }
  // Waits until the store has expired what it should.
  void AwaitExpired(uint64_t count) {
    for (int i = 0; i < 2000 && store_->Counts().expired() < count; ++i)
      absl::SleepFor(absl::Milliseconds(5));
    EXPECT_EQ(store_->Counts().expired(), count);
  }

  TempFolder folder_;
  FakeClock clock_;
  StoreOptions options_;
  std::unique_ptr<ExperienceStore> store_;
};

}  // namespace drover::experience::testing
