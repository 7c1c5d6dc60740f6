// Checkpoints: a Hugging Face directory that other tools load, plus the training state. The format, exact
// enough to write another reader from: docs/reference/checkpoint.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "learner/shard_writer.h"
#include "learner/state_tensors.h"
#include "learner/trainer.h"
#include "model/companion_files.h"
#include "model/weight_set.h"

namespace drover::learner {

struct CheckpointMeta {
  uint64_t rollouts = 0;  // trained so far
  uint64_t version = 0;   // the weight version that these weights are
  TrainerCounters counters;
};

// A checkpoint in memory: copies of what the trainer held at one moment, so that it may train on while they are written.
//
//   training ──▶ TakeSnapshot ──▶ training goes on
//                     └─▶ CheckpointSnapshot ──▶ WriteCheckpoint, on another thread ──▶ the folder
//
// Where ranks share the moments, each writes its own: shard_writer.h.
struct CheckpointSnapshot {
  CheckpointMeta meta;
  model::WeightSet weights;     // as they are published: rounded to the model's dtype; adapters as they are
  std::string weights_file;     // where they are written
  std::string base_digest;      // of what adapters adapt; empty: there are none
  model::CompanionFiles files;  // everything beside weights and state
  StateTensors state;           // without what ranks share
  std::optional<ShardSnapshot> shard;         // then: rank 0's ...
  std::shared_ptr<ShardGathering> gathering;  // ... and what brings those of the others into the folder

  // What its files take on the disk, but for some kilobytes of headers and digests.
  uint64_t bytes() const;
};

// Between two commands of the trainer, on rank 0; the others follow. `companions` are ReadCompanionFiles of the model that the
// run began with; of these config.json will say the weights' dtype, and generation_config.json is made where there is
// none; adapters have an adapter_config.json. meta.counters is ignored: they are the trainer's. `published`: what
// Trainer::ExportWeights would say, where somebody has it already: the snapshot shares its bytes, and nothing is gathered or
// copied a second time.
absl::StatusOr<CheckpointSnapshot> TakeSnapshot(Trainer& trainer, const CheckpointMeta& meta,
                                                const model::CompanionFiles& companions,
                                                std::optional<model::WeightSet> published = std::nullopt);

// Writes model.safetensors (adapter_model.safetensors of adapters), training_state.safetensors, the files of the snapshot and the list of their digests into the
// folder `dir`. Looks at nothing but its arguments: any thread may call it. Where ranks share the moments it waits for the
// shards of the others; `dir` is then in the folder of TrainerOptions::checkpoints, and an error names the rank whose shard
// did not come.
//
// Durable when it returns OK; interrupted at any moment it leaves what stood at `dir` before, whole, and perhaps a
// folder `dir`.tmp, which the next save removes. After an error that folder is removed, where the disk lets it be.
absl::Status WriteCheckpoint(const std::string& dir, const CheckpointSnapshot& snapshot,
                             FileSystem* files = PosixFileSystem());

// TakeSnapshot and WriteCheckpoint.
absl::Status SaveCheckpoint(const std::string& dir, Trainer& trainer, const CheckpointMeta& meta,
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
