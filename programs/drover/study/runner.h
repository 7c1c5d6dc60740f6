// The runs of a study: each is a `drover train` of its own, several side by side, begun where nothing is there, resumed where a run was cut
// off, passed over where it is done.
//
//   planned ──▶ running ──▶ done
//      │           └──▶ cut off (Ctrl-C, a crash): the next start of the study resumes it
//      └ a run that begins from its seed's base waits for that one
#pragma once

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/stop_signal.h"
#include "programs/drover/study/study_folder.h"
#include "programs/launch/process.h"
#include "study/definition.h"

namespace drover::study_command {

struct RunnerOptions {
  std::string drover;  // the program
  std::string recipe;  // of all runs
  int jobs = 1;        // runs side by side, at least 1
};

// How far the study is.
struct Progress {
  size_t runs = 0, runs_done = 0, runs_going = 0;
  uint64_t rollouts = 0, rollouts_done = 0;  // of the arms
  absl::Duration left =
      absl::InfiniteDuration();  // by the rollouts since this start; infinite: not known yet
};
std::string ToText(const Progress& progress);

// Not thread-safe.
class Runner {
 public:
  Runner(RunnerOptions options, const StudyFolder& folder, std::vector<study::PlannedRun> runs);

  // Until all runs are done. CANCELLED: a signal came; the runs that were going have ended in order, or at once after a second one.
  // Any other error: a run failed, with its name and what it said last; the others have ended in order.
  // `shown` is called about twice a second, `ended` with the name of each run that is done.
  absl::Status Run(StopSignal& stop, const std::function<void(const Progress&)>& shown,
                   const std::function<void(const std::string&, const Progress&)>& ended);

 private:
  enum class State { kPlanned, kRunning, kDone };
  struct Entry {
    study::PlannedRun plan;
    State state = State::kPlanned;
    uint64_t rollouts = 0;  // done, as far as is known
  };
  struct Child {
    size_t entry;
    launch::Process process;
  };

  bool IsDone(const Entry& entry) const;
  bool MayBegin(const Entry& entry) const;
  const Entry* BaseOf(const Entry& entry) const;
  absl::Status Begin(size_t entry);
  absl::StatusOr<std::vector<std::string>> Command(const Entry& entry) const;
  absl::Status BeginWhatMay();
  // Takes the children that have ended away.
  absl::Status LookAfterChildren(const std::function<void(const std::string&, const Progress&)>& ended);
  void EndInOrder(StopSignal& stop);
  void CountRollouts();
  Progress progress() const;

  const RunnerOptions options_;
  const StudyFolder& folder_;
  std::vector<Entry> entries_;
  std::list<Child> children_;
  const absl::Time begun_;
  uint64_t rollouts_before_ = 0;  // this start
};

}  // namespace drover::study_command
