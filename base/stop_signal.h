// SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) as something that can be waited for. Nothing runs
// inside a signal handler.
#pragma once

#include "absl/time/time.h"

namespace drover {

// Blocks them in the calling thread and all it starts later, and takes them by signalfd. Make
// one in main before any thread starts. Thread-safe afterwards.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Waits up to `timeout`; the number of the next signal, or 0 when none came. Each signal is returned once,
  // so a second call tells a second Ctrl-C.
  int Wait(absl::Duration timeout);

 private:
  int fd_;
};

}  // namespace drover
