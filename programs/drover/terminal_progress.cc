#include "programs/drover/terminal_progress.h"

#include <unistd.h>

#include <cstdio>

#include "absl/time/clock.h"

namespace drover::cli {

TerminalProgress::TerminalProgress() : shows_(::isatty(STDERR_FILENO) == 1) {}

void TerminalProgress::Show(const std::string& line) {
  const absl::Time now = absl::Now();
  if (!shows_ || now < next_) return;
  next_ = now + absl::Milliseconds(200);
  shown_ = true;
  std::fprintf(stderr, "\r\033[2K%s", line.c_str());
  std::fflush(stderr);
}

void TerminalProgress::Clear() {
  if (shown_) std::fputs("\r\033[2K", stderr);
  shown_ = false;
}

}  // namespace drover::cli
