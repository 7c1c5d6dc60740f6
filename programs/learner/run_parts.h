// What the run loop is made of: the seam between its order of things and those who do them. The learner process fills it
// with the real ones (lead_trainer.h, checkpoint_folder.h, report_files.h, the experience store), a test with small ones.
// No LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/recipe.pb.h"
#include "learner/update_stats.h"
#include "model/weight_version.h"
#include "programs/learner/run_history.h"
#include "programs/learner/run_status.h"
#include "programs/process/readiness.h"
#include "services/experience/evaluation_plan.h"
#include "services/experience/rollout_store.h"
#include "services/experience/store_view.h"
#include "services/metrics/learner_metrics.h"
#include "services/run/step_report.h"
#include "services/run/summary.h"

namespace drover::learner_process {

// The trainer of all ranks, as rank 0 leads it. An error of any method ends the run.
class RunTrainer {
 public:
  virtual ~RunTrainer() = default;

  // All supervised steps of recipe.pretrain. `progress` is called after each with the steps done and the loss; an error
  // of it ends the pretraining with that error.
  virtual absl::Status Pretrain(const std::function<absl::Status(uint64_t done, double loss)>& progress) = 0;
  // Once before the first Update of a new run.
  virtual absl::Status BeginReinforcement() = 0;
  // One rollout's optimizer steps, at `rate_scale` of the learning rate; `version` is that of the weights before them.
  virtual absl::StatusOr<learner::UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                                      uint64_t version, double rate_scale) = 0;
  // Tells the other ranks that rank 0 is alive.
  virtual absl::Status KeepAlive() = 0;
  // Since BeginReinforcement, skipped ones included.
  virtual uint64_t optimizer_steps() const = 0;
};

struct CheckpointPlace {
  uint64_t step = 0;  // names it: rollouts trained
  std::string path;
};

struct DamagedCheckpoint {
  CheckpointPlace place;
  std::string why;
};

struct ResumePoint {
  CheckpointPlace place;
  uint64_t version = 0;                        // of its weights
  std::vector<DamagedCheckpoint> passed_over;  // newer ones, newest first
};

// "checkpoints/step-000006 is damaged (why); ...": for a person.
std::string PassedOverText(const std::vector<DamagedCheckpoint>& passed_over);

// What became of one save.
struct SaveOutcome {
  // Not OK: there is no such checkpoint, and those from before are as they were.
  absl::Status status;
  CheckpointPlace place;
  // The oldest that a resume may have to go on from, should newer ones be damaged.
  CheckpointPlace oldest;
  uint64_t bytes = 0;
  double seconds = 0;  // of writing, which training did not wait for
};

// The run's checkpoints on disk, of the state of its trainer.
class RunCheckpoints {
 public:
  virtual ~RunCheckpoints() = default;

  // Whether there is one, whole or not: the run goes on, else it begins.
  virtual bool Any() const = 0;
  // Restores the trainer from the newest that is whole. FAILED_PRECONDITION: none is; an error of one that is whole and
  // does not fit this run is returned as it is. Changes nothing on disk.
  virtual absl::StatusOr<ResumePoint> Restore() = 0;
  // Takes one that is damaged, or of a policy that is given up, out of the count.
  virtual absl::Status SetAside(uint64_t step) = 0;
  // Steps of those that are there, oldest first.
  virtual absl::StatusOr<std::vector<uint64_t>> Steps() const = 0;
  // Copies the trainer's state, whose weights are `version`, and begins to write the copy: the trainer may go on at once.
  // Those that the run does not keep are removed behind it. One save at a time: Take has told of the one before.
  virtual void Begin(uint64_t version, const History& history) = 0;
  // What became of the save that was begun: told once, when it is done. Waits for that up to `timeout`; nullopt: it is
  // still being written.
  virtual std::optional<SaveOutcome> Take(absl::Duration timeout) = 0;
};

// What an evaluation of the suite says.
struct SuiteReport {
  nlohmann::ordered_json results;  // a part of a line of benchmarks.jsonl
  std::string responses;           // lines of evaluation/records.h, a question each
};

// The files that a run leaves for people and scripts.
class RunReports {
 public:
  virtual ~RunReports() = default;

  // Removes what is after `step` (it will be done again) and what is no whole line, and reads what stays.
  virtual absl::StatusOr<History> GoBackTo(uint64_t step) = 0;
  // The run goes by it from here on.
  virtual absl::Status KeepRecipe(const v1::Recipe& recipe) = 0;

  virtual absl::Status Append(const run::StepReport& report) = 0;
  // At most `limit` groups, with their advantages [group][response].
  virtual absl::Status Append(uint64_t step, uint64_t version, const std::vector<v1::Group>& groups,
                              const std::vector<std::vector<double>>& advantages, size_t limit) = 0;
  virtual absl::Status Append(const Evaluation& evaluation) = 0;
  virtual absl::Status Append(const GuardEvent& event) = 0;
  // Of the weights of `step`, which is its version too.
  virtual absl::Status AppendBenchmarks(uint64_t step, double seconds, const SuiteReport& report) = 0;

  // Bytes that may still be written where the run's files are.
  virtual absl::StatusOr<uint64_t> FreeBytes() const = 0;

  // How long the run has gone on, all its parts together: History::seconds of the next start.
  virtual absl::Status WriteClock(double seconds) = 0;
  virtual absl::Status WriteSummary(const run::Summary& summary) = 0;
  virtual absl::Status WriteCurve(const std::string& title, const History& history) = 0;
};

// The benchmarks of evaluation.suite, the same at every version of the weights.
struct SuiteRound {
  std::vector<v1::Prompt> prompts;  // none: there is no suite
  std::function<experience::EvaluationPlan(uint64_t version)> plan;
  // What the graded groups of the prompts, in their order, say.
  std::function<SuiteReport(const std::vector<v1::Group>& groups)> report;
};

// What an evaluation asks, the same at every version of the weights.
struct Heldout {
  std::vector<v1::Prompt> prompts;  // none: nothing is evaluated, since no accuracy is not an accuracy of 0
  std::function<experience::EvaluationPlan(uint64_t version)> plan;
};

// Everything that is pointed to outlives the loop.
struct RunParts {
  v1::Recipe recipe;  // effective
  Heldout heldout;
  SuiteRound suite;
  RunTrainer* trainer = nullptr;
  // Offers the trainer's weights of now to actors under this name.
  std::function<absl::Status(const model::WeightVersion& version)> publish;
  // The weights that were published last stay to be had by their version when newer ones come; false: no more.
  std::function<void(bool keep)> keep_weights;
  RunCheckpoints* checkpoints = nullptr;
  RunReports* reports = nullptr;
  experience::RolloutStore* store = nullptr;
  const experience::StoreView* progress = nullptr;  // of the same store
  metrics::LearnerMetrics* metrics = nullptr;
  RunStatus* status = nullptr;
  process::Readiness* readiness = nullptr;        // ready once it is past loading, drains when it stops
  std::function<bool()> stop;                     // the run is to stop in order (SIGTERM, at any rank)
  std::function<void(absl::Duration work)> beat;  // goes round; the next beat comes after `work` and a while
  std::function<absl::Time()> now = absl::Now;
  absl::Time started = absl::Now();  // of the run, for the summary's seconds
};

}  // namespace drover::learner_process
