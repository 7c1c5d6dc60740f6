#include "programs/drover/stop_watch.h"

#include <unistd.h>

#include "absl/time/time.h"
#include "programs/drover/report.h"

namespace drover::cli {

StopWatch::StopWatch() : thread_([this] { Watch(); }) {}

StopWatch::~StopWatch() {
  over_ = true;
  thread_.join();
}

void StopWatch::Watch() {
  while (!over_) {
    if (signals_.Wait(absl::Milliseconds(100)) == 0) continue;
    if (stop_.exchange(true)) ::_exit(kInterrupted);
  }
}

}  // namespace drover::cli
