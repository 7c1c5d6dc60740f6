// SIGTERM and SIGINT: the first one drains, a second one or the deadline ends at once.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/stop_signal.h"

namespace drover::process {

struct DrainWatchOptions {
  absl::Duration deadline = absl::Seconds(15);  // from the first signal
  std::function<void()> drain;                  // at the first signal, in a thread of its own: it may block
  // At the second signal, or when the deadline passed: `why` says which. Called once; usually EndAtOnce.
  std::function<void(const std::string& why)> cut;
};

// Watches from its own thread until it is destroyed.
class DrainWatch {
 public:
  // `signals` outlives it.
  DrainWatch(StopSignal& signals, DrainWatchOptions options);
  ~DrainWatch();

  // A signal has come. Thread-safe.
  bool draining() const { return draining_; }

 private:
  void Watch();
  void WatchTheDrain(absl::Time deadline);

  StopSignal& signals_;
  const DrainWatchOptions options_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;  // last: it uses all of the above
};

// What the first signal does, where that depends on how far the process is. Thread-safe.
class DrainAction {
 public:
  // From now on a drain does this; at once, when it came before. Returns when no earlier action is running.
  void Become(std::function<void()> action);
  void Drain();

 private:
  absl::Mutex mutex_;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> action_ ABSL_GUARDED_BY(mutex_);
};

// Ends the process here and now with `status`, saying why in the log: no destructor runs, so nothing that is stuck can
// hold it up. What is on disk is as after a crash, which every file of ours is made for.
[[noreturn]] void EndAtOnce(int status, const std::string& why);

}  // namespace drover::process
