#include "programs/drover/pending_recipe.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::cli {
namespace {

class PendingRecipeTest : public ::testing::Test {
 protected:
  PendingRecipeTest() : folder_(::testing::TempDir() + "/drover_pending_recipe_test") {
    std::filesystem::remove_all(folder_.path());
    EXPECT_TRUE(folder_.Create().ok());
  }
  std::string Recipe() const { return ReadFile(folder_.recipe()).value_or("(none)"); }
  run::RunFolder folder_;
};

TEST_F(PendingRecipeTest, ANewRunsRecipeIsThereAtOnce) {
  const auto pending = PendingRecipe::Write(folder_, "new");
  ASSERT_TRUE(pending.ok());
  EXPECT_EQ(pending->path(), folder_.recipe());
  EXPECT_EQ(Recipe(), "new");
}

TEST_F(PendingRecipeTest, AChangedOneWaitsBesideIt) {
  ASSERT_TRUE(WriteFileAtomically(folder_.recipe(), "old").ok());
  {
    const auto changed = PendingRecipe::Write(folder_, "new");
    ASSERT_TRUE(changed.ok());
    EXPECT_EQ(ReadFile(changed->path()).value(), "new");
    EXPECT_EQ(Recipe(), "old");
  }
  EXPECT_EQ(Recipe(), "old");
  EXPECT_FALSE(std::filesystem::exists(folder_.next_recipe()));
}

TEST_F(PendingRecipeTest, AnUnchangedOneIsTheFoldersOwn) {
  ASSERT_TRUE(WriteFileAtomically(folder_.recipe(), "same").ok());
  { ASSERT_EQ(PendingRecipe::Write(folder_, "same")->path(), folder_.recipe()); }
  EXPECT_EQ(Recipe(), "same");
}

}  // namespace
}  // namespace drover::cli
