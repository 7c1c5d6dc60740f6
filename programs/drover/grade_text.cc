#include "programs/drover/grade_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "programs/drover/display.h"

namespace drover::cli {

std::string ProgressLine(const grading::GradeProgress& progress, absl::Duration elapsed) {
  const double seconds = std::max(1e-3, absl::ToDoubleSeconds(elapsed));
  std::string line = absl::StrFormat("graded %d lines, %.0f/s", progress.lines,
                                     static_cast<double>(progress.lines) / seconds);
  if (progress.bytes_total == 0 || progress.bytes == 0) return line;
  const double share = static_cast<double>(progress.bytes) / static_cast<double>(progress.bytes_total);
  absl::StrAppendFormat(&line, ", %.0f%% of the file, %s left", 100 * share,
                        ClockText(seconds * (1 - share) / share));
  return line;
}

std::string TotalsLine(const grading::GradeProgress& total, absl::Duration elapsed) {
  std::string line = absl::StrFormat(
      "graded %d lines in %s: %d correct (%.1f%%)", total.lines, ClockText(absl::ToDoubleSeconds(elapsed)),
      total.correct,
      100.0 * static_cast<double>(total.correct) / static_cast<double>(std::max<size_t>(1, total.lines)));
  const char* separator = "; ";
  for (const auto& [reason, count] : total.reasons) {
    absl::StrAppend(&line, separator, count, " ", reason);
    separator = ", ";
  }
  return line;
}

}  // namespace drover::cli
