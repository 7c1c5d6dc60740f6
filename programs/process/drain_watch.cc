#include "programs/process/drain_watch.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"

namespace drover::process {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(50);  // how soon the end and the deadline are noticed

}  // namespace

DrainWatch::DrainWatch(StopSignal& signals, DrainWatchOptions options)
    : signals_(signals), options_(std::move(options)), thread_([this] { Watch(); }) {}

DrainWatch::~DrainWatch() {
  ended_ = true;
  thread_.join();
}

void DrainWatch::Watch() {
  while (signals_.Wait(kLook) == 0) {
    if (ended_) return;
  }
  draining_ = true;
  log::Info("draining", {{"deadline_seconds", absl::ToDoubleSeconds(options_.deadline)}});
  const absl::Time deadline = absl::Now() + options_.deadline;
  // A drain that hangs holds up neither the second signal nor the deadline.
  std::thread drain([this] {
    if (options_.drain) options_.drain();
  });
  WatchTheDrain(deadline);
  drain.join();
}

void DrainWatch::WatchTheDrain(absl::Time deadline) {
  while (!ended_) {
    std::string why;
    if (signals_.Wait(kLook) != 0) why = "a second signal";
    if (why.empty() && absl::Now() > deadline) {
      why =
          absl::StrCat("not drained within ", absl::FormatDuration(options_.deadline), " (--drain-seconds)");
    }
    if (why.empty()) continue;
    if (options_.cut) options_.cut(why);
    return;
  }
}

void DrainAction::Become(std::function<void()> action) {
  absl::MutexLock lock(&mutex_);
  action_ = std::move(action);
  if (drained_ && action_) action_();
}

void DrainAction::Drain() {
  absl::MutexLock lock(&mutex_);
  drained_ = true;
  if (action_) action_();
}

void EndAtOnce(int status, const std::string& why) {
  log::Error("ending at once", {{"why", why}, {"status", status}});
  std::_Exit(status);
}

}  // namespace drover::process
