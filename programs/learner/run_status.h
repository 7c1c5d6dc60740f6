// What the run is doing now: written by the run's loop, read by RunService.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "drover/v1/run.pb.h"

namespace drover::learner_process {

// Thread-safe.
class RunStatus {
 public:
  // Changes the state under the lock.
  void Update(const std::function<void(v1::RunState&)>& change);
  v1::RunState Get() const;

  // Enters a phase with `total` things to do in it.
  void Enter(v1::RunPhase phase, uint64_t total = 0);
  void SetProgress(uint64_t done);

  // Tells a person: a line in the log, and one on the terminal that shows the run.
  void Tell(const std::string& notice);

  // Groups of the newest rollout, for RunService::GetSamples.
  void SetSamples(std::vector<v1::Group> groups);
  std::vector<v1::Group> Samples(size_t limit) const;

  // RunService::StopRun was called.
  void RequestStop();
  bool stop_requested() const;

 private:
  mutable absl::Mutex mutex_;
  v1::RunState state_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::Group> samples_ ABSL_GUARDED_BY(mutex_);
  bool stop_requested_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace drover::learner_process
