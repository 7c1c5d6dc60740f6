// How far an analysis is, for a person.
#pragma once

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "programs/drover/terminal_progress.h"

namespace drover::cli::analyze {

// One line on a terminal, with the time that is left; elsewhere a line on standard error for each thing that is done. Not thread-safe.
class AnalysisProgress {
 public:
  // Things ("settings", judged lists) that are done one after another; how many there will be.
  explicit AnalysisProgress(size_t things) : things_(things) {}

  // `done` of `all` parts ("questions") of the thing `name`; `before` were done before this start and say nothing about speed.
  void Show(const std::string& name, const std::string& parts, size_t done, size_t all, size_t before);

 private:
  const size_t things_;
  size_t finished_ = 0;
  std::string name_;
  absl::Time began_;
  TerminalProgress line_;
};

// "12 of 50 questions, about 3m20s left"; without a time before anything was done. Pure.
std::string ProgressText(const std::string& parts, size_t done, size_t all, size_t before,
                         absl::Duration since);

}  // namespace drover::cli::analyze
