// A small real run, begun, disturbed and looked at from outside: by its command, its processes and its run folder.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/run/run_folder.h"
#include "tests/system/command.h"

namespace drover::system_test {

using Json = nlohmann::ordered_json;
using Settings = std::vector<std::string>;  // "path=value"

// `settings` and then `more`, which win.
Settings operator+(Settings settings, const Settings& more);

// The embedded default made so small that a rollout takes a fraction of a second: 8 prompts x 4 responses in two
// optimizer steps, and a model of one narrow layer that gets about half of the one-digit sums right.
Settings Tiny(int steps);

// Not thread-safe.
class TrainingRun {
 public:
  // Its folder is NAME in the test's folder; nothing is started. `kind`: train or sft.
  explicit TrainingRun(const std::string& name, const std::string& kind = "train");

  const run::RunFolder& folder() const { return folder_; }

  // `drover KIND --recipe arithmetic --out FOLDER`, or `--resume FOLDER`, in the background.
  void Start(const Settings& settings, const std::vector<std::string>& flags = {});
  void Resume(const Settings& settings = {}, const std::vector<std::string>& flags = {});
  // The exit status; see Command::Wait.
  int Wait(absl::Duration timeout = absl::Seconds(90));
  Command& command() { return *command_; }

  // Start and Wait; a status other than 0 fails the test with all that the command said.
  void RunToTheEnd(const Settings& settings, absl::Duration timeout = absl::Seconds(90));

  // Start, KillEverything when `killed_after` rollouts are trained, Resume and Wait; each of the `steps` rollouts is trained
  // once, or the test fails: for ASSERT_NO_FATAL_FAILURE.
  void RunKilledAfter(size_t killed_after, size_t steps, const Settings& settings);

  std::vector<Json> metrics() const;
  // The lines of evaluations.jsonl, without the times that they took.
  std::vector<Json> evaluations() const;
  Json summary() const;
  Json checkpoint_file(uint64_t step, const std::string& name) const;
  // Waits until so many rollouts are trained; fails the test when they are not in time or the run ends before.
  bool WaitForSteps(size_t steps, absl::Duration timeout = absl::Seconds(60));

  // The process "actor-0", "learner-0", "verifier-0", ... of this run, by its command line; 0 when it does not run.
  pid_t Pid(const std::string& process) const;
  // Sends it a signal; false when it does not run.
  bool Kill(const std::string& process, int signal) const;
  // kill -9 of the command, which no process of its outlives; a failure of the test when one does.
  void KillEverything();

 private:
  run::RunFolder folder_;
  const std::string kind_;
  std::unique_ptr<Command> command_;
};

// Fails the test unless metrics.jsonl has exactly the steps 1 to `steps`, each once and in order.
void ExpectEachStepOnce(const TrainingRun& run, size_t steps);

}  // namespace drover::system_test
