// Whether a process should be given work, and why not: what /readyz and gRPC's health service say.
//
// | from     | to       | who                                                          |
// | -------- | -------- | ------------------------------------------------------------ |
// | starting | ready    | the process, once it is past loading                         |
// | ready    | starting | the process (an actor whose weights do not count any more)   |
// | any      | draining | the first SIGTERM or the end of the run; nothing leads back  |
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace drover::process {

// Thread-safe.
class Readiness {
 public:
  // `changed`, which may be null, is told of every change, with no lock held but in order.
  explicit Readiness(std::function<void(bool ready)> changed = nullptr) : changed_(std::move(changed)) {}

  // Ready, or not yet and why ("waiting for the learner"). Nothing after Drain.
  void Set(absl::Status ready);
  // No more work from now on.
  void Drain();

  // OK, or UNAVAILABLE with the reason.
  absl::Status Check() const;

 private:
  void Change(absl::Status ready, bool draining);

  const std::function<void(bool)> changed_;
  absl::Mutex order_;  // of the calls to changed_; before mutex_
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(order_);
  absl::Status ready_ ABSL_GUARDED_BY(mutex_) = absl::UnavailableError("starting");
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace drover::process
