// One line on a terminal that is written over.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace drover::cli {

// Writes to standard error, and only when that is a terminal. Not thread-safe.
class TerminalProgress {
 public:
  TerminalProgress();

  // Shows the line, at most five times a second.
  void Show(const std::string& line);
  // Takes the line away.
  void Clear();
  bool shows() const { return shows_; }

 private:
  const bool shows_;
  bool shown_ = false;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace drover::cli
