#include "services/run/run_lock.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace drover::run {
namespace {

TEST(RunLockTest, OneAtATime) {
  const std::string folder = ::testing::TempDir() + "/run_lock_test";
  std::filesystem::create_directories(folder);
  {
    const auto first = TakeRunLock(folder);
    ASSERT_TRUE(first.ok()) << first.status();
    const auto second = TakeRunLock(folder);
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
    EXPECT_NE(second.status().message().find(folder), absl::string_view::npos) << second.status();
  }
  EXPECT_TRUE(TakeRunLock(folder).ok()) << "the end of the first lets go of it";
}

TEST(RunLockTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(TakeRunLock("/no/such/folder").status()));
}

}  // namespace
}  // namespace drover::run
