// Which checkpoint a run goes on from: the newest that is whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/checkpoint.h"
#include "learner/trainer.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

struct DamagedCheckpoint {
  uint64_t step = 0;
  std::string why;
};

struct ResumePoint {
  uint64_t step = 0;  // names the checkpoint
  learner::CheckpointMeta meta;
  std::vector<DamagedCheckpoint> passed_over;  // newer ones, newest first
};

// Restores `trainer` from the newest checkpoint that is whole. FAILED_PRECONDITION: none is; an error of one that is whole
// and does not fit this run is returned as it is, and so is one of the disk. Changes nothing on disk.
absl::StatusOr<ResumePoint> LoadNewestWhole(const run::RunFolder& folder, learner::Trainer* trainer);

// "checkpoints/step-000006 is damaged (why); ...": for a person.
std::string PassedOverText(const run::RunFolder& folder, const ResumePoint& point);

}  // namespace drover::learner_process
