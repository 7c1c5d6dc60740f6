#include "programs/process/readiness.h"

namespace drover::process {

void Readiness::Set(absl::Status ready) { Change(std::move(ready), /*draining=*/false); }

void Readiness::Drain() { Change(absl::UnavailableError("draining"), /*draining=*/true); }

absl::Status Readiness::Check() const {
  absl::MutexLock lock(&mutex_);
  return ready_;
}

void Readiness::Change(absl::Status ready, bool draining) {
  absl::MutexLock order(&order_);
  bool before, after;
  {
    absl::MutexLock lock(&mutex_);
    if (draining_) return;
    before = ready_.ok();
    draining_ = draining;
    ready_ = ready.ok() ? ready : absl::UnavailableError(ready.message());
    after = ready_.ok();
  }
  if (changed_ && before != after) changed_(after);
}

}  // namespace drover::process
