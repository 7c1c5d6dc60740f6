// Rank 0's whole run, from the first step to the summary.
//
//   pretrain? ─▶ version 0 ─▶ evaluate ─▶ ┌▶ collect groups ─▶ optimizer steps ─▶ publish ─▶ report ┐ ─▶ evaluate ─▶ summary
//                                         └───────────── checkpoint every so many ◀────────────────┘
//
// | the loop           | consumes                   | waits for                    | unblocked by                |
// | ------------------ | -------------------------- | ---------------------------- | --------------------------- |
// | run loop (here)    | groups of one rollout      | RolloutStore, a step long    | SubmitGroup, the stop flag  |
// | actors             | leases, weights            | published version            | Publish below               |
//
// On a resume the loop begins behind the newest checkpoint: rollouts whose groups are all in the journal are trained at
// once, in their order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "learner/checkpoint.h"
#include "learner/trainer.h"
#include "model/tokenizer.h"
#include "programs/learner/resume.h"
#include "programs/learner/run_reports.h"
#include "programs/learner/run_status.h"
#include "programs/process/readiness.h"
#include "services/experience/rollout_store.h"
#include "services/experience/store_view.h"
#include "services/metrics/learner_metrics.h"
#include "services/run/run_folder.h"
#include "services/weights/publisher.h"

namespace drover::learner_process {

// What a run is made of; everything outlives the loop.
struct RunParts {
  v1::Recipe recipe;  // effective
  run::RunFolder folder{""};
  learner::Trainer* trainer = nullptr;
  const model::Tokenizer* tokenizer = nullptr;
  const data::PromptSource* prompts = nullptr;
  experience::RolloutStore* store = nullptr;
  const experience::StoreView* progress = nullptr;  // of the same store
  weights::WeightPublisher* publisher = nullptr;
  metrics::LearnerMetrics* metrics = nullptr;
  RunStatus* status = nullptr;
  process::Readiness* readiness = nullptr;        // ready once it is past loading, drains when it stops
  std::function<bool()> stop;                     // the run is to stop in order (SIGTERM, at any rank)
  std::function<void(absl::Duration work)> beat;  // goes round; the next beat comes after `work` and a while
  absl::Time started = absl::Now();               // of the run, for the summary's seconds
};

enum class RunEnd { kDone, kStopped };

// Not thread-safe.
class RunLoop {
 public:
  explicit RunLoop(RunParts parts);

  // Goes on from the newest checkpoint, or begins. kStopped: a checkpoint of where it stopped is on disk.
  absl::StatusOr<RunEnd> Run();

 private:
  absl::Status Begin();
  absl::Status GoOnFrom(const ResumePoint& point);
  // Says so of the damaged checkpoints that a resume passed over, and takes them out of the count.
  absl::Status SetAside(const ResumePoint& point);
  absl::Status Pretrain();
  absl::Status Publish();
  absl::Status Evaluate();
  absl::Status TrainOneRollout();
  absl::StatusOr<std::vector<v1::Group>> Collect();
  absl::Status Report(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats);
  absl::Status Checkpoint();
  absl::Status Finish();

  void Enter(v1::RunPhase phase, uint64_t total = 0);
  // While waiting: progress of the phase, actors and leases for those who look.
  void Watch(uint64_t done);
  // While waiting: the other ranks hear from us, or we find out that one of them is gone.
  absl::Status KeepRanks();
  // Writes down how long the run has gone on.
  void KeepClock();
  // Goes round, and counts the time since the last count as spent so.
  void Spend(metrics::Activity activity);
  bool stopping() const;
  // CANCELLED when the run is to stop, else OK.
  absl::Status Interrupted() const;
  bool EvaluationDue() const;
  double Seconds() const;  // since the run began, earlier incarnations included

  RunParts parts_;
  RunReports reports_;
  History history_;
  absl::Time start_;
  uint32_t incarnation_ = 0;
  uint64_t version_ = 0;  // rollouts trained; the weights' version
  uint64_t checkpointed_ = 0;
  bool has_checkpoint_ = false;
  // Times of the step that is being done, for its report.
  double collect_seconds_ = 0;
  double train_seconds_ = 0;
  double publish_seconds_ = 0;
  absl::Time step_start_;
  absl::Time counted_until_;  // of Spend
  absl::Time ranks_heard_;    // of KeepRanks
  absl::Time clock_written_ = absl::InfinitePast();
};

}  // namespace drover::learner_process
