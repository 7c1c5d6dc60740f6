// What a person sees of `drover grade`. Pure.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "programs/drover/grading/grade_command.h"

namespace drover::cli {

// "graded 159744 lines, 74306/s, 79% of the file, 0:01 left"; no more than the pace when the input's size is not known.
std::string ProgressLine(const grading::GradeProgress& progress, absl::Duration elapsed);

// "graded 1000 lines in 0:03: 612 correct (61.2%); 388 different, 612 equal_exact".
std::string TotalsLine(const grading::GradeProgress& total, absl::Duration elapsed);

}  // namespace drover::cli
