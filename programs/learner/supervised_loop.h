// A supervised run in its order:
//
//   files ─▶ plan ─▶ | evaluate (held-out loss)          before the first step, every so many, after the last |
//                    | step: examples ─▶ trainer         loss, clipping, AdamW, on all ranks                  |
//                    | report: a line of metrics.jsonl                                                        |
//                    | checkpoint                        every so many, at a stop, after the last             |
//
// A stop is seen between steps and within an evaluation, which the next start then does whole. The data's position is the
// step's number: the plan is a function of the files and the recipe, and RUN/data.json holds a digest of what the files
// gave, so that a resume over other data is refused. No LibTorch.
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
#include "data/supervised_plan.h"
#include "data/supervised_set.h"
#include "drover/v1/recipe.pb.h"
#include "learner/supervised_example.h"
#include "learner/supervised_options.h"
#include "learner/update_stats.h"
#include "programs/learner/run_end.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process {

// The trainer of all ranks, as rank 0 leads it. An error of any method ends the run.
class SupervisedTrainer {
 public:
  virtual ~SupervisedTrainer() = default;
  virtual absl::StatusOr<learner::StepStats> Step(const std::vector<learner::SupervisedExample>& examples,
                                                  const learner::SupervisedOptions& options) = 0;
  virtual absl::StatusOr<learner::SupervisedLoss> Measure(
      const std::vector<learner::SupervisedExample>& examples, int64_t microbatch_tokens) = 0;
  // Tells the other ranks that rank 0 is alive.
  virtual absl::Status KeepAlive() = 0;
};

// One line of metrics.jsonl of a supervised run.
struct SupervisedReport {
  uint64_t step = 0;  // optimizer steps taken, this one included
  uint64_t steps = 0;
  double epoch = 0;  // passes over the training examples so far
  double loss = 0;   // nats: of this step's batch, before the step
  double grad_norm = 0;
  double learning_rate = 0;
  bool skipped = false;         // loss or gradient not finite
  uint64_t examples = 0;        // of this step
  uint64_t tokens = 0;          // of this step, prompts included
  uint64_t learned_tokens = 0;  // those that bear a loss
  uint64_t tokens_seen = 0;     // since the run began, prompts included
  double train_seconds = 0;     // of this step
  double tokens_per_second = 0;
  double seconds = 0;  // since the run began
};
nlohmann::ordered_json ToJson(const SupervisedReport& report);

// One line of evaluations.jsonl of a supervised run.
struct HeldoutLoss {
  uint64_t step = 0;
  learner::SupervisedLoss loss;
  double seconds = 0;
};
nlohmann::ordered_json ToJson(const HeldoutLoss& evaluation);

// What an earlier start left, up to the checkpoint that the run goes on from.
struct SupervisedHistory {
  double seconds = 0;
  uint64_t tokens_seen = 0;
  uint64_t skipped_steps = 0;
  std::vector<double> losses;  // a step each
  std::vector<HeldoutLoss> evaluations;
};

// The files that a supervised run leaves.
class SupervisedReports {
 public:
  virtual ~SupervisedReports() = default;
  // Removes what is after `step` (it will be done again) and what is no whole line, and reads what stays.
  virtual absl::StatusOr<SupervisedHistory> GoBackTo(uint64_t step) = 0;
  // The run goes by it from here on.
  virtual absl::Status KeepRecipe(const v1::Recipe& recipe) = 0;
  virtual absl::Status Append(const SupervisedReport& report) = 0;
  virtual absl::Status Append(const HeldoutLoss& evaluation) = 0;
  // RUN/data.json; nullopt where there is none.
  virtual absl::StatusOr<std::optional<nlohmann::ordered_json>> ReadData() = 0;
  virtual absl::Status WriteData(const nlohmann::ordered_json& data) = 0;
  virtual absl::Status WriteSummary(const nlohmann::ordered_json& summary) = 0;
};

// Everything that is pointed to outlives the loop.
struct SupervisedParts {
  v1::Recipe recipe;  // effective, with sft.train
  const data::SupervisedData* data = nullptr;
  SupervisedTrainer* trainer = nullptr;
  RunCheckpoints* checkpoints = nullptr;
  SupervisedReports* reports = nullptr;
  metrics::LearnerMetrics* metrics = nullptr;
  process::Readiness* readiness = nullptr;        // ready once it is past loading
  std::function<bool()> stop;                     // the run is to stop in order
  std::function<void(absl::Duration work)> beat;  // goes round; the next beat comes after `work` and a while
  std::function<absl::Time()> now = absl::Now;
  absl::Time started = absl::Now();
};

// Not thread-safe.
class SupervisedLoop {
 public:
  explicit SupervisedLoop(SupervisedParts parts);

  // Goes on from the newest checkpoint, or begins. kStopped: a checkpoint of where it stopped is on disk, unless it had
  // taken no step. INVALID_ARGUMENT: the files give other data than when the run began. Once.
  absl::StatusOr<RunEnd> Run();

 private:
  absl::Status Begin();
  absl::Status HoldData();
  absl::Status Step();
  // Where it is due and not done yet. CANCELLED by a stop.
  absl::Status Evaluate();
  absl::StatusOr<learner::SupervisedLoss> MeasureHeldout();
  absl::Status Report(const std::vector<learner::SupervisedExample>& examples,
                      const learner::StepStats& stats, double learning_rate, double train_seconds);
  // On disk when it returns OK. One that cannot be written leaves those from before as they were.
  absl::Status Checkpoint();
  // The same in the middle of the run, which goes on without one that cannot be written.
  absl::Status TryCheckpoint();
  absl::Status Finish();
  absl::StatusOr<RunEnd> Stop();
  bool EvaluationDue() const;
  double Since(absl::Time time) const { return absl::ToDoubleSeconds(parts_.now() - time); }
  double Seconds() const { return history_.seconds + Since(parts_.started); }

  const SupervisedParts parts_;
  const data::SupervisedPlan plan_;
  SupervisedHistory history_;  // seconds: of earlier starts alone
  uint64_t step_ = 0;
  uint64_t checkpointed_ = 0;
};

// The example as the trainer takes it.
learner::SupervisedExample ExampleOf(const data::SupervisedSet& set, uint64_t i);

}  // namespace drover::learner_process
