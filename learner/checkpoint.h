// Checkpoints: a Hugging Face directory that other tools load, plus the training state. The format, exact
// enough to write another reader from: docs/reference/checkpoint.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/trainer.h"

namespace drover::learner {

struct CheckpointMeta {
  uint64_t rollouts = 0;  // trained so far
  uint64_t version = 0;   // the weight version that these weights are
  TrainerCounters counters;
};

// Files of a Hugging Face directory beside weights and config.json, by name: tokenizer.json and its
// companions.
using CheckpointFiles = std::map<std::string, std::string>;

// The tokenizer's files of the Hugging Face directory `model_dir`, to be kept in its checkpoints. Those that
// are missing are left out.
absl::StatusOr<CheckpointFiles> ReadTokenizerFiles(const std::string& model_dir);

// Writes config.json, generation_config.json, model.safetensors (the weights that are published: rounded to
// the model's dtype), `files` and training_state.safetensors into the folder `dir`. Rank 0 calls it alone.
//
// Durable when it returns OK; interrupted at any moment it leaves what stood at `dir` before, whole, and
// perhaps a folder `dir`.tmp, which the next save removes. meta.counters is ignored: they are the trainer's.
absl::Status SaveCheckpoint(const std::string& dir, const Trainer& trainer, const CheckpointMeta& meta,
                            const CheckpointFiles& files);

// Restores `trainer` from `dir` and returns where the run was. Everything is checked before anything is
// changed; an error names the file and what is wrong with it: DATA_LOSS when the folder is damaged or not whole (an
// older one may be), another code when it does not fit this trainer. With several ranks rank 0 calls it; the others
// follow.
absl::StatusOr<CheckpointMeta> LoadCheckpoint(const std::string& dir, Trainer* trainer);

// Where the run was, without reading tensors.
absl::StatusOr<CheckpointMeta> ReadCheckpointMeta(const std::string& dir);

}  // namespace drover::learner
