#include "services/experience/drop_group.h"

#include <gtest/gtest.h>

#include <sstream>

#include "services/experience/inspect.h"
#include "services/experience/testing/store_fixture.h"

namespace drover::experience {
namespace {

using testing::Lease;
using testing::StoreTest;

class DropGroupTest : public StoreTest {
 protected:
  absl::Status Drop(uint64_t lease) { return DropGroup(folder_.path(), lease, "its answers are nonsense"); }
};

TEST_F(DropGroupTest, TheGroupIsLeasedAgainAfterTheResume) {
  Open(2, 2);
  Begin(0);
  Serve(0);
  EXPECT_EQ(Drop(2).code(), absl::StatusCode::kUnavailable) << "the run is alive";
  store_.reset();
  ASSERT_TRUE(Drop(2).ok());
  EXPECT_EQ(Drop(2).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Drop(9).code(), absl::StatusCode::kNotFound);
  std::ostringstream journal;
  ASSERT_TRUE(InspectJournal(folder_.path(), /*json=*/true, journal).ok());
  EXPECT_NE(journal.str().find("its answers are nonsense"), std::string::npos);
  Restart(0);
  Serve(0);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].lease(), 1u);
  EXPECT_EQ(groups[1].lease(), 3u);
  EXPECT_EQ(groups[1].group(), 1u);
}

// A run that died of what a group did to its weights has trained it already.
TEST_F(DropGroupTest, ATrainedGroupIsLeasedAgainOnceItsRolloutIsUndone) {
  Open(3, 1);
  Begin(0);
  ASSERT_TRUE(store_->MarkCheckpoint(0, "c").ok());
  Serve(0);
  TrainOne(0);
  store_.reset();
  ASSERT_TRUE(Drop(1).ok());
  Restart(0);
  EXPECT_EQ(store_->Counts().failed(), 1u);
  EXPECT_EQ(Lease(*store_, 1).leases(0).group(), 0u);
}

TEST_F(DropGroupTest, WhatACheckpointCoversStays) {
  Open(2, 1);
  Begin(0);
  Serve(0);
  TrainOne(0);
  ASSERT_TRUE(store_->MarkCheckpoint(1, "c").ok());
  store_.reset();
  EXPECT_EQ(Drop(1).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DropGroup, ARunWithoutAJournalIsNotMadeOne) {
  testing::TempFolder folder;
  EXPECT_EQ(DropGroup(folder.path(), 1, "").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::experience
