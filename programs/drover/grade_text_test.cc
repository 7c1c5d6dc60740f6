#include "programs/drover/grade_text.h"

#include <gtest/gtest.h>

namespace drover::cli {
namespace {

TEST(GradeText, Progress) {
  grading::GradeProgress progress = {.lines = 4000, .bytes = 100, .bytes_total = 400};
  EXPECT_EQ(ProgressLine(progress, absl::Seconds(2)),
            "graded 4000 lines, 2000/s, 25% of the file, 0:06 left");
  progress.bytes_total = 0;
  EXPECT_EQ(ProgressLine(progress, absl::Seconds(2)), "graded 4000 lines, 2000/s");
  EXPECT_EQ(ProgressLine({}, absl::ZeroDuration()), "graded 0 lines, 0/s");
}

TEST(GradeText, Totals) {
  const grading::GradeProgress total = {
      .lines = 1000, .correct = 612, .reasons = {{"different", 388}, {"equal_exact", 612}}};
  EXPECT_EQ(TotalsLine(total, absl::Seconds(65)),
            "graded 1000 lines in 1:05: 612 correct (61.2%); 388 different, 612 equal_exact");
  EXPECT_EQ(TotalsLine({}, absl::ZeroDuration()), "graded 0 lines in 0:00: 0 correct (0.0%)");
}

}  // namespace
}  // namespace drover::cli
