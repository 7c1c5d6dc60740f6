#include "base/heartbeat.h"

#include <chrono>
#include <set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"

namespace drover {
namespace {

absl::Duration SteadyClock() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

struct Heartbeats::Loop {
  std::string name;
  absl::Duration due;  // under Shared::mutex
};

struct Heartbeats::Shared {
  absl::Duration limit;
  std::function<absl::Duration()> clock;
  absl::Mutex mutex;
  std::set<std::shared_ptr<Loop>> loops ABSL_GUARDED_BY(mutex);
};

Heartbeats::Heartbeats(absl::Duration limit, std::function<absl::Duration()> clock)
    : shared_(std::make_shared<Shared>()) {
  shared_->limit = limit;
  shared_->clock = clock ? std::move(clock) : SteadyClock;
}

Heartbeats::Pulse Heartbeats::Begin(std::string name) {
  Pulse pulse;
  pulse.shared_ = shared_;
  pulse.loop_ = std::make_shared<Loop>();
  pulse.loop_->name = std::move(name);
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->loops.insert(pulse.loop_);
  }
  pulse.Beat();
  return pulse;
}

absl::Status Heartbeats::Check() const {
  std::vector<std::string> late;
  const absl::Duration now = shared_->clock();
  absl::MutexLock lock(&shared_->mutex);
  for (const std::shared_ptr<Loop>& loop : shared_->loops) {
    if (now <= loop->due) continue;
    late.push_back(absl::StrCat("loop \"", loop->name, "\" should have gone round ",
                                absl::FormatDuration(absl::Trunc(now - loop->due, absl::Seconds(1))),
                                " ago"));
  }
  if (late.empty()) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("stuck: ", absl::StrJoin(late, "; ")));
}

Heartbeats::Pulse& Heartbeats::Pulse::operator=(Pulse&& other) noexcept {
  if (this == &other) return *this;
  End();
  shared_ = std::move(other.shared_);
  loop_ = std::move(other.loop_);
  return *this;
}

Heartbeats::Pulse::~Pulse() { End(); }

void Heartbeats::Pulse::End() {
  if (shared_ == nullptr || loop_ == nullptr) return;
  absl::MutexLock lock(&shared_->mutex);
  shared_->loops.erase(loop_);
}

void Heartbeats::Pulse::Beat(absl::Duration work) {
  if (shared_ == nullptr) return;
  const absl::Duration due = shared_->clock() + work + shared_->limit;
  absl::MutexLock lock(&shared_->mutex);
  loop_->due = due;
}

Heartbeats::Pulse BeginPulse(Heartbeats* heartbeats, std::string name) {
  return heartbeats == nullptr ? Heartbeats::Pulse() : heartbeats->Begin(std::move(name));
}

}  // namespace drover
