// Checkpoints: a Hugging Face directory that other tools load, plus the training state. The format, exact
// enough to write another reader from: docs/reference/checkpoint.md.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "learner/trainer.h"
#include "model/companion_files.h"

namespace drover::learner {

struct CheckpointMeta {
  uint64_t rollouts = 0;  // trained so far
  uint64_t version = 0;   // the weight version that these weights are
  TrainerCounters counters;
};

// Writes model.safetensors (the weights that are published: rounded to the model's dtype), config.json (that of
// `companions`, saying this dtype), generation_config.json (that of `companions`, if there), the other `companions`
// (ReadCompanionFiles of the model that the run began with) and training_state.safetensors into the folder `dir`.
// Rank 0 calls it alone.
//
// Durable when it returns OK; interrupted at any moment it leaves what stood at `dir` before, whole, and
// perhaps a folder `dir`.tmp, which the next save removes. meta.counters is ignored: they are the trainer's.
absl::Status SaveCheckpoint(const std::string& dir, const Trainer& trainer, const CheckpointMeta& meta,
                            const model::CompanionFiles& companions, FileSystem* files = PosixFileSystem());

// Restores `trainer` from `dir` and returns where the run was. Everything is checked before anything is
// changed; an error names the file and what is wrong with it: DATA_LOSS when the folder is damaged or not whole (an
// older one may be), another code when it does not fit this trainer. With several ranks rank 0 calls it; the others
// follow.
absl::StatusOr<CheckpointMeta> LoadCheckpoint(const std::string& dir, Trainer* trainer,
                                              FileSystem* files = PosixFileSystem());

// Where the run was, without reading tensors.
absl::StatusOr<CheckpointMeta> ReadCheckpointMeta(const std::string& dir);

}  // namespace drover::learner
