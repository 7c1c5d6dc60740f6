// Ctrl-C for commands whose work is told to stop by a flag.
#pragma once

#include <atomic>
#include <thread>

#include "base/stop_signal.h"

namespace drover::cli {

// Once (SIGTERM too): stop() becomes true, what is being done is given up, and what was done is kept. Twice: the process ends at once
// with kInterrupted. One at a time in a process.
class StopWatch {
 public:
  StopWatch();
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;

  const std::atomic<bool>& stop() const { return stop_; }

 private:
  void Watch();

  StopSignal signals_;  // before the thread
  std::atomic<bool> stop_ = false, over_ = false;
  std::thread thread_;
};

}  // namespace drover::cli
