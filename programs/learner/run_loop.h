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
// | collecting    | the groups of one rollout, | actors, as above         | ends it; the groups are in the journal         |
// |               | those of an evaluation     |                          |                                                |
// | training      | these groups               | its own steps, the other | waits until the rollout is trained, published  |
// |               |                            | ranks                    | and reported                                   |
// | reporting     | the rollout's statistics   | the disk                 | waits for its end                              |
// | checkpointing | the trainer's state        | the copy of it; the      | waits for its end                              |
// |               |                            | write before, if it is   |                                                |
// |               |                            | not done                 |                                                |
// | finishing     | the whole history          | the disk                 | comes too late: the run is done                |
//
// An evaluation that is begun goes on beside the phases that follow (evaluations.h, which says what becomes of it when); the
// run is in the phase of that name where it waits for one: always with evaluation.wait, else before the next one, before a
// checkpoint of newer weights, and at the end.
//
// A checkpoint is copied between two rollouts and written while the run goes on (checkpoint_folder.h). One that cannot be
// written is skipped: a notice and a metric say so, and the next is tried when it is due. Only the first one, the one of a
// stop and the last have to be there before the run goes on.
//
// A stop is looked for where a phase that it ends is entered, and each time that phase goes round. Then no lease is given
// any more, and a checkpoint of where the run is follows. An error of a part ends the run where it is: the next start
// goes on from the newest checkpoint.
//
// On a resume the loop begins behind the newest checkpoint: rollouts whose groups are all in the journal are trained at
// once, in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "programs/learner/evaluations.h"
#include "programs/learner/run_end.h"
#include "programs/learner/run_guards.h"
#include "programs/learner/run_parts.h"
#include "programs/learner/run_pulse.h"

namespace drover::learner_process {

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
  static constexpr absl::Duration kPoll = absl::Milliseconds(200);  // how soon a stop is seen while waiting

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
  // The store's new incarnation, for those who look.
  void ShowIncarnation();
  absl::Status Pretrain();
  absl::Status TrainOneRollout();
  absl::StatusOr<std::vector<v1::Group>> Collect();
  absl::StatusOr<learner::UpdateStats> Train(const std::vector<v1::Group>& groups);
  absl::Status Publish();
  // Begins what is due at this version, and waits for it where training does not go on meanwhile.
  absl::Status Evaluate();
  // Waits for the evaluation in progress, if there is one.
  absl::Status AwaitEvaluation();
  run::StepReport StepReport(const std::vector<v1::Group>& groups, const learner::UpdateStats& stats);
  absl::StatusOr<run::StepReport> Report(const std::vector<v1::Group>& groups,
                                         const learner::UpdateStats& stats);
  // What the guards make of the rollout.
  absl::Status Guard(const run::StepReport& report);
  absl::Status RollBack(GuardCall call);
  absl::Status Finish();
  absl::StatusOr<RunEnd> Stop();

  // run_loop_checkpoints.cc
  bool MakesWeights() const;
  // Begins to save where the run is, unless that is saved or being saved.
  absl::Status BeginCheckpoint();
  // What became of the save in flight, if it is done by then; waits for it up to `timeout`.
  absl::Status TakeCheckpoint(absl::Duration timeout);
  absl::Status AwaitCheckpoint();
  // A checkpoint of where the run is that is on disk, or why not.
  absl::Status Checkpoint();

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

  const RunParts parts_;
  RunPulse pulse_;
  RunGuards guards_;
  History history_;
  Evaluations evaluations_;
  RunLoopPhase phase_ = RunLoopPhase::kLoading;
  StepTimes step_;
  uint32_t incarnation_ = 0;        // 0: not begun
  uint64_t version_ = 0;            // rollouts trained; the weights' version
  std::optional<uint64_t> saved_;   // the newest checkpoint's step
  std::optional<uint64_t> saving_;  // the step of the one in flight
  absl::Status save_failed_;        // of the newest save that was done with
};

}  // namespace drover::learner_process
