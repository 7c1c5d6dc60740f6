#include "programs/drover/analyze/out_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temp_folder.h"

namespace drover::cli::analyze {
namespace {

TEST(OutFolderTest, NewEmptyAndItsOwnAreFine) {
  const testing::TempFolder folder;
  EXPECT_TRUE(OpenOutFolder(folder.path(), {"answering"}).ok());
  std::ofstream(folder.path() + "/report.md") << "x";
  EXPECT_TRUE(OpenOutFolder(folder.path(), {"answering"}).ok());
  EXPECT_TRUE(OpenOutFolder(folder.path() + "/a/b", {"answering"}).ok());
}

TEST(OutFolderTest, OthersAreRefused) {
  const testing::TempFolder folder;
  ASSERT_TRUE(OpenOutFolder(folder.path(), {"answering"}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(OpenOutFolder(folder.path(), {"reflection"}).status()));
  const testing::TempFolder other;
  std::ofstream(other.path() + "/thesis.md") << "mine";
  const absl::Status status = OpenOutFolder(other.path(), {"answering"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("thesis.md"));
  EXPECT_FALSE(OpenOutFolder(other.path() + "/thesis.md", {"answering"}).ok());
}

TEST(OutFolderTest, OneModelsAndSeveralModelsAreApart) {
  const testing::TempFolder one, several;
  ASSERT_TRUE(OpenOutFolder(one.path(), {"answering"}).ok());
  ASSERT_TRUE(OpenOutFolder(several.path(), {"answering", true}).ok());
  EXPECT_TRUE(OpenOutFolder(several.path(), {"answering", true}).ok());
  const absl::Status of_one = OpenOutFolder(one.path(), {"answering", true}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(of_one));
  EXPECT_THAT(std::string(of_one.message()), ::testing::HasSubstr("holds an analysis of one model"));
  const absl::Status of_several = OpenOutFolder(several.path(), {"answering"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(of_several));
  EXPECT_THAT(std::string(of_several.message()), ::testing::HasSubstr("holds an analysis of several models"));
}

TEST(OutFolderTest, OneProcessAtATime) {
  const testing::TempFolder folder;
  const auto held = OpenOutFolder(folder.path(), {"answering"});
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenOutFolder(folder.path(), {"answering"}).status()));
}

}  // namespace
}  // namespace drover::cli::analyze
