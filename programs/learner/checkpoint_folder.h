// RunCheckpoints in the run folder: learner/checkpoint.h of the trainer, a folder a checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/trainer.h"
#include "programs/learner/run_parts.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// Not thread-safe.
class CheckpointFolder final : public RunCheckpoints {
 public:
  // Keeps the newest `keep`. `trainer` outlives it.
  CheckpointFolder(run::RunFolder folder, size_t keep, learner::Trainer* trainer)
      : folder_(std::move(folder)), keep_(keep), trainer_(trainer) {}

  bool Any() const override { return folder_.NewestCheckpoint().has_value(); }
  absl::StatusOr<ResumePoint> Restore() override;
  absl::Status SetAside(uint64_t step) override { return folder_.SetCheckpointAside(step); }
  absl::StatusOr<std::vector<CheckpointPlace>> Save(uint64_t version) override;

 private:
  const run::RunFolder folder_;
  const size_t keep_;
  learner::Trainer* const trainer_;
};

}  // namespace drover::learner_process
