#include "services/grading/grade_command.h"

#include <cstdio>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/cli/commands.h"
#include "services/cli/display.h"
#include "services/cli/report.h"
#include "services/cli/terminal_progress.h"
#include "services/grading/explain_command.h"
#include "services/rpc/address.h"

namespace drover::cli {
namespace {

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

// "graded 1000 lines in 0:03: 612 correct (61.2%); 600 equal_exact, 388 different, 12 no_answer"
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

}  // namespace

int Grade(const GradeOptions& options) {
  grading::GradeFileOptions file = {.in = options.in,
                                    .out = options.out,
                                    .format = options.format,
                                    .grader = options.grader,
                                    .threads = options.threads};
  if (!options.verifier.empty()) {
    auto addresses = rpc::ParseAddresses(options.verifier);
    if (!addresses.ok()) return Report(kBadInput, addresses.status());
    file.verifiers = std::move(*addresses);
  }
  TerminalProgress terminal;
  const absl::Time begun = absl::Now();
  file.progress = [&](const grading::GradeProgress& progress) {
    terminal.Show(ProgressLine(progress, absl::Now() - begun));
  };
  grading::GradeProgress total;
  const absl::Status status = grading::GradeFile(file, &total);
  terminal.Clear();
  if (status.ok() && terminal.shows()) {
    std::fprintf(stderr, "%s\n", TotalsLine(total, absl::Now() - begun).c_str());
  }
  return Conclude(status);
}

int ExplainGrade(const ExplainGradeOptions& options) {
  const auto text = grading::ExplainToText(options);
  if (!text.ok()) return Conclude(text.status());
  std::cout << *text << std::flush;
  return std::cout ? kDone : Report(kFailure, "standard output could not be written");
}

}  // namespace drover::cli
