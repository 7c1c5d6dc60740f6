#include "programs/drover/analyze/progress.h"

#include <gtest/gtest.h>

namespace drover::cli::analyze {
namespace {

TEST(ProgressTest, TheTimeLeftFollowsFromThisStart) {
  EXPECT_EQ(ProgressText("questions", 20, 50, 10, absl::Seconds(10)), "20 of 50 questions, about 30s left");
  EXPECT_EQ(ProgressText("questions", 10, 50, 10, absl::Seconds(10)), "10 of 50 questions");
  EXPECT_EQ(ProgressText("questions", 50, 50, 10, absl::Seconds(10)), "50 of 50 questions");
  EXPECT_EQ(ProgressText("questions", 0, 0, 0, absl::Seconds(10)), "0 of 0 questions");
}

}  // namespace
}  // namespace drover::cli::analyze
