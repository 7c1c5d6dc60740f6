// A world for the run loop that fits into a test: a store that has every rollout's groups, a trainer and a publisher that
// are functions, checkpoints and reports in memory, a clock that moves when something happens. The world outlives a
// loop as a disk does, so that a test can stop the loop and start it again. What happens is a transcript:
//
//   "load 2"  "incarnation 2 from 2"  "publish 2"  "evaluate at 2"  "collect 2"  "train 2"  "trained 2, steps 5-6" ...
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "programs/learner/run_loop.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process::testing_support {

class RunWorld {
 public:
  // A run of four rollouts of two groups; evaluation of two questions before it and after every second rollout, for which
  // it waits, a checkpoint after every second, two of them kept; nothing is pretrained.
  RunWorld();
  RunWorld(const RunWorld&) = delete;
  ~RunWorld();

  // One start of the learner.
  absl::StatusOr<RunEnd> Start();

  // --- What a test may set ------------------------------------------------------------------------------------------

  v1::Recipe recipe;
  uint64_t kept_steps = 0;  // run.steps of the recipe that was kept
  Heldout heldout;
  SuiteRound suite;  // empty
  bool stop = false;
  // Called with each event, which is in the transcript already; an error becomes that of the call. Events of what cannot
  // fail ignore it.
  std::function<absl::Status(const std::string& event)> on_event;
  // One rollout's update. The default makes two optimizer steps in ten seconds.
  std::function<absl::StatusOr<learner::UpdateStats>(uint64_t rollout)> update;
  std::function<absl::Status(const model::WeightVersion& version)> publish;
  // How often a wait for a rollout or an evaluation finds nothing before it is there; the clock moves by the timeout.
  int waits = 0;
  // The same of an evaluation alone, where it is not `waits`.
  std::optional<int> evaluation_waits;
  int slow_saves =
      0;  // how often a look at a save finds it still being written; the clock moves by the timeout
  bool response_cut = false;         // every response of training is at the length limit
  std::set<uint64_t> damaged;        // checkpoints
  std::vector<std::string> notices;  // of the run's files

  // --- What a test may look at --------------------------------------------------------------------------------------

  std::vector<std::string> events;
  absl::Time now = absl::UnixEpoch();
  std::vector<uint64_t> weights;  // the rollouts that the trainer's weights have seen
  uint64_t optimizer_steps = 0;
  uint64_t trained = 0;  // by the store
  uint32_t incarnation = 0;
  bool leasing = false;
  bool weights_kept = false;  // of an evaluation
  // Step -> weights, optimizer_steps.
  std::map<uint64_t, std::pair<std::vector<uint64_t>, uint64_t>> checkpoints;
  std::vector<run::StepReport> reports;
  std::vector<double> rate_scales;  // of each update that was begun
  std::vector<GuardEvent> guard_events;
  std::vector<uint64_t> samples;  // steps whose samples are written
  std::vector<Evaluation> evaluations;
  std::vector<uint64_t> benchmarks;  // steps whose benchmarks are written
  std::optional<run::Summary> summary;
  double clock = 0;
  std::vector<absl::Duration> beats;  // of work
  // Of the newest start.
  std::unique_ptr<RunStatus> status;
  std::unique_ptr<metrics::LearnerMetrics> metrics;
  std::unique_ptr<process::Readiness> readiness;

  // How many events are `event`.
  int Count(const std::string& event) const;
  // Seconds of an activity of the newest start, by its name in the metrics.
  double Spent(const std::string& activity) const;
  // A counter of the newest start.
  double Total(const std::string& counter) const;

 private:
  class Trainer;
  class Checkpoints;
  class Reports;
  class Store;

  absl::Status Do(const std::string& event);

  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<Reports> reports_;
  std::unique_ptr<Store> store_;
};

}  // namespace drover::learner_process::testing_support
