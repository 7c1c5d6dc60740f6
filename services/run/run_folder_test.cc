#include "services/run/run_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::run {
namespace {

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest() : folder_(::testing::TempDir() + "/drover_run_folder_test") {
    std::filesystem::remove_all(folder_.path());
  }
  RunFolder folder_;
};

TEST_F(RunFolderTest, ExistsOnceItHasARecipe) {
  EXPECT_FALSE(folder_.Exists());
  ASSERT_TRUE(folder_.Create().ok());
  EXPECT_FALSE(folder_.Exists());
  ASSERT_TRUE(WriteFileAtomically(folder_.recipe(), "description: \"x\"").ok());
  EXPECT_TRUE(folder_.Exists());
}

TEST_F(RunFolderTest, NeverBeganUntilThereIsMoreThanAnEmptyFrame) {
  EXPECT_TRUE(folder_.NeverBegan());
  ASSERT_TRUE(MakeFolders(folder_.path() + "/journal").ok());  // cut off in the middle of Create
  EXPECT_TRUE(folder_.NeverBegan());
  ASSERT_TRUE(folder_.Create().ok());
  ASSERT_TRUE(WriteFileAtomically(folder_.path() + "/lock", "").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_.recipe() + ".tmp.77", "descr").ok());
  EXPECT_TRUE(folder_.NeverBegan());
  ASSERT_TRUE(WriteFileAtomically(folder_.log("learner-0"), "").ok());
  EXPECT_FALSE(folder_.NeverBegan());
  std::filesystem::remove(folder_.log("learner-0"));
  ASSERT_TRUE(WriteFileAtomically(folder_.path() + "/thesis.tex", "mine").ok());
  EXPECT_FALSE(folder_.NeverBegan()) << "somebody else's";
  std::filesystem::remove(folder_.path() + "/thesis.tex");
  ASSERT_TRUE(WriteFileAtomically(folder_.recipe(), "").ok());
  EXPECT_FALSE(folder_.NeverBegan());
}

TEST_F(RunFolderTest, CheckpointsAreOrderedAndStrangersPassedOver) {
  EXPECT_FALSE(folder_.NewestCheckpoint().has_value());
  for (uint64_t step : {100, 20, 3}) ASSERT_TRUE(MakeFolders(folder_.checkpoint(step)).ok());
  for (const char* stranger : {"step-", "step-7", "step-000005.tmp", "notes"}) {
    ASSERT_TRUE(MakeFolders(folder_.checkpoints() + "/" + stranger).ok());
  }
  EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{3, 20, 100}));
  EXPECT_EQ(folder_.NewestCheckpoint(), 100u);
  ASSERT_TRUE(folder_.KeepCheckpoints({3, 100, 101}).ok());
  EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{3, 100}));
  EXPECT_TRUE(std::filesystem::exists(folder_.checkpoints() + "/step-000005.tmp"));
  ASSERT_TRUE(folder_.RemoveUnfinishedCheckpoints().ok());
  EXPECT_FALSE(std::filesystem::exists(folder_.checkpoints() + "/step-000005.tmp"));
  EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{3, 100}));
  EXPECT_TRUE(std::filesystem::exists(folder_.checkpoints() + "/notes"));
}

TEST_F(RunFolderTest, ACheckpointThatIsSetAsideCountsNoMore) {
  for (uint64_t step : {2, 4}) ASSERT_TRUE(MakeFolders(folder_.checkpoint(step)).ok());
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(MakeFolders(folder_.checkpoint(4) + "/inside").ok());
    ASSERT_TRUE(folder_.SetCheckpointAside(4).ok());
    EXPECT_EQ(folder_.CheckpointSteps().value(), (std::vector<uint64_t>{2}));
    EXPECT_TRUE(std::filesystem::exists(folder_.checkpoint(4) + ".damaged/inside"));
  }
  EXPECT_FALSE(folder_.SetCheckpointAside(6).ok());
}

}  // namespace
}  // namespace drover::run
