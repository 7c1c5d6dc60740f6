// RunCheckpoints in the run folder: learner/checkpoint.h of the trainer, a folder a checkpoint.
//
//   run loop   Begin: copy ──▶ trains on ─ ─ ─ ─ ─ ─▶ Take: what became of it
//                      └─▶ a thread   write, sync, rename, remove the old ones ─┘
//
// One save is in flight at a time, so that memory holds one copy of the state and no more. Of the weights it holds none where
// they are published: it shares the bytes that actors are sent.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "learner/checkpoint.h"
#include "learner/trainer.h"
#include "model/weight_set.h"
#include "programs/learner/run_parts.h"
#include "services/run/retention.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// What the trainer's weights were published as; nullopt: this version of them has not been published.
using PublishedWeights = std::function<std::optional<model::WeightSet>(uint64_t version)>;

// Not thread-safe.
class CheckpointFolder final : public RunCheckpoints {
 public:
  // `trainer` outlives it, and what `published` refers to; null: nothing is published.
  CheckpointFolder(run::RunFolder folder, const run::Retention& retention, learner::Trainer* trainer,
                   PublishedWeights published = nullptr)
      : folder_(std::move(folder)),
        retention_(retention),
        trainer_(trainer),
        published_(std::move(published)) {}
  // Waits for the save in flight, so that a run that ends with an error still gets it.
  ~CheckpointFolder() override = default;

  bool Any() const override { return folder_.NewestCheckpoint().has_value(); }
  absl::StatusOr<ResumePoint> Restore() override;
  absl::StatusOr<std::vector<uint64_t>> Steps() const override { return folder_.CheckpointSteps(); }
  absl::Status SetAside(uint64_t step) override { return folder_.SetCheckpointAside(step); }
  void Begin(uint64_t version, const History& history) override;
  std::optional<SaveOutcome> Take(absl::Duration timeout) override;

 private:
  absl::StatusOr<learner::CheckpointSnapshot> Copy(uint64_t version) const;

  const run::RunFolder folder_;
  const run::Retention retention_;
  learner::Trainer* const trainer_;
  const PublishedWeights published_;
  std::future<SaveOutcome> saving_;  // the last member: it is waited for before the others go
};

}  // namespace drover::learner_process
