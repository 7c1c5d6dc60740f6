#include "programs/drover/grading/grade_command.h"

#include <cstdio>
#include <iostream>

#include "absl/time/clock.h"
#include "base/address.h"
#include "programs/drover/commands.h"
#include "programs/drover/grade_text.h"
#include "programs/drover/grading/explain_command.h"
#include "programs/drover/report.h"
#include "programs/drover/terminal_progress.h"

namespace drover::cli {

int Grade(const GradeOptions& options) {
  grading::GradeFileOptions file = {.in = options.in,
                                    .out = options.out,
                                    .grading = {.format = options.format,
                                                .grader = options.grader,
                                                .options = options.options,
                                                .threads = options.threads}};
  if (!options.verifier.empty()) {
    auto addresses = ParseAddresses(options.verifier);
    if (!addresses.ok()) return Report(kBadInput, addresses.status());
    file.grading.verifiers = std::move(*addresses);
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
