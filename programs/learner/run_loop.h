// Rank 0's whole run, from the first step to the summary.
//
//   load ─▶ pretrain? ─▶ publish ─▶ evaluate? ─▶ ┌▶ collect ─▶ train ─▶ publish ─▶ evaluate? ─▶ report ┐ ─▶ finish
//                                                └────────────── checkpoint every so many ◀────────────┘
//
// | phase         | consumes                   | waits for                | a stop in it                                   |
// | ------------- | -------------------------- | ------------------------ | ---------------------------------------------- |
// | loading       | newest whole checkpoint    | the disk                 | waits for its end                              |
// | pretraining   | worked questions           | its own steps            | ends it after a step; the run has not begun,   |
// |               |                            |                          | and nothing of it is kept                      |
// | publishing    | the trainer's weights      | nothing                  | waits for its end                              |
// | evaluating    | held-out groups            | actors, through the      | ends it; the rollout before it is reported,    |
// |               |                            | store, 200 ms at a time  | and the next start evaluates                   |
// | collecting    | the groups of one rollout  | actors, as above         | ends it; the groups are in the journal         |
// | training      | these groups               | its own steps, the other | waits until the rollout is trained, published  |
// |               |                            | ranks                    | and reported                                   |
// | reporting     | the rollout's statistics   | the disk                 | waits for its end                              |
// | checkpointing | the trainer's state        | the disk                 | waits for its end                              |
// | finishing     | the whole history          | the disk                 | comes too late: the run is done                |
//
// A stop is looked for where a phase that it ends is entered, and each time that phase goes round. Then no lease is given
// any more, and a checkpoint of where the run is follows. An error of a part ends the run where it is: the next start
// goes on from the newest checkpoint.
//
// On a resume the loop begins behind the newest checkpoint: rollouts whose groups are all in the journal are trained at
// once, in their order.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "programs/learner/run_parts.h"
#include "programs/learner/run_pulse.h"

namespace drover::learner_process {

enum class RunEnd { kDone, kStopped };

// The rows of the table above.
enum class RunLoopPhase {
  kLoading,
  kPretraining,
  kPublishing,
  kEvaluating,
  kCollecting,
  kTraining,
  kReporting,
  kCheckpointing,
  kFinishing,
};

// Not thread-safe.
class RunLoop {
 public:
  explicit RunLoop(RunParts parts);
  RunLoop(const RunLoop&) = delete;  // its pulse refers to its parts

  // Goes on from the newest checkpoint, or begins. kStopped: a checkpoint of where it stopped is on disk, unless it had
  // not begun. Once.
  absl::StatusOr<RunEnd> Run();

 private:
  // Seconds of the step that is being done, for its report.
  struct StepTimes {
    absl::Time start;
    double collect = 0;
    double train = 0;
    double publish = 0;
  };

  absl::Status Phases();
  // From loading to the first evaluation.
  absl::Status Begin();
  absl::StatusOr<ResumePoint> Load();
  absl::Status NewRun();
  absl::Status StartIncarnation(const ResumePoint& point);
  absl::Status Pretrain();
  absl::Status TrainOneRollout();
  absl::StatusOr<std::vector<v1::Group>> Collect();
  absl::StatusOr<learner::UpdateStats> Train(const std::vector<v1::Group>& groups);
  absl::Status Publish();
  // What is due at this version and not done yet: the held-out questions, then the suite.
  absl::Status Evaluate();
  absl::Status EvaluateHeldout();
  absl::Status EvaluateSuite();
  // The graded groups of an evaluation.
  absl::StatusOr<std::vector<v1::Group>> Ask(experience::EvaluationPlan plan,
                                             const std::vector<v1::Prompt>& prompts);
  run::StepReport StepReport(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats);
  absl::Status Report(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats);
  absl::Status Checkpoint();
  absl::Status Finish();
  absl::StatusOr<RunEnd> Stop();

  // CANCELLED, and the phase is not entered, when the run is to stop and a stop ends such a phase. `total`: things to do
  // in it.
  absl::Status Enter(RunLoopPhase phase, uint64_t total = 0);
  // CANCELLED when the run is to stop and a stop ends this phase.
  absl::Status Interrupted() const;
  // The time since the last call went into this phase.
  void Spend();
  // While waiting: progress of the phase and actors, for those who look; the other ranks hear from us.
  absl::Status Watch(uint64_t done);
  bool stopping() const;
  bool EvaluationDue(uint32_t every) const;
  bool EvaluatedNow() const;
  // The newest evaluation, for those who look.
  void ShowEvaluation();

  const RunParts parts_;
  RunPulse pulse_;
  History history_;
  RunLoopPhase phase_ = RunLoopPhase::kLoading;
  StepTimes step_;
  uint32_t incarnation_ = 0;  // 0: not begun
  uint64_t version_ = 0;      // rollouts trained; the weights' version
  uint64_t checkpointed_ = 0;
  bool has_checkpoint_ = false;
};

}  // namespace drover::learner_process
