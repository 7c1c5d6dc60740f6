// How ranks that share the moments write a checkpoint together: each its own moments, and master weights where ranks share
// these and model.safetensors does not hold them, while training goes on.
//
//   all ranks        BeginShards: copy, between two steps ──▶ train on
//   rank 0, thread   folder made ── go ──▶ its files ─ ─ ─ ─ ─ ─▶ wait ──▶ list of digests, rename: there is a checkpoint
//                                   │                              ▲
//   others, thread                  └──▶ shard written ── digest ──┘          or why it could not be written
//
// The words between the threads go past the collectives, which belong to training (Collectives::Tell). All ranks reach the
// folder, which rank 0 calls by its name in the folder of checkpoints: that may have another path on another machine.
#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/file_system.h"
#include "learner/state_tensors.h"
#include "model/safetensors.h"
#include "ranks/collectives.h"

namespace drover::learner {

// A rank's part of the state as a file: a copy.
struct ShardSnapshot {
  StateTensors tensors;
  model::SafetensorsMetadata metadata;
};

// What a rank with these pieces writes.
absl::StatusOr<ShardSnapshot> TakeShard(const TrainerState& state, int rank, int ranks);

absl::Status WriteShard(const std::string& path, const ShardSnapshot& shard, FileSystem* files);

// Ranks other than 0: at most one save is being written. Not thread-safe. Its end waits for the thread.
class ShardWriter {
 public:
  // `checkpoints`: the folder of the run's checkpoints. `collectives` outlives it.
  ShardWriter(std::string checkpoints, Collectives* collectives)
      : checkpoints_(std::move(checkpoints)), collectives_(collectives) {}

  // Writes `shard` when rank 0 says so. `save`: the number of the save since the ranks came together.
  void Begin(uint64_t save, ShardSnapshot shard);

 private:
  const std::string checkpoints_;
  Collectives* const collectives_;
  std::future<void> writing_;  // the last member: it is waited for before the others go
};

// Rank 0's side of one save; on any thread. When it goes without Go, the others are told to drop their copies.
class ShardGathering {
 public:
  // `collectives` outlives it.
  ShardGathering(uint64_t save, Collectives* collectives) : save_(save), collectives_(collectives) {}
  ~ShardGathering();
  ShardGathering(const ShardGathering&) = delete;
  ShardGathering& operator=(const ShardGathering&) = delete;

  int ranks() const { return collectives_->size(); }
  // The folder `dir` is there: the others may write into it.
  absl::Status Go(const std::string& dir);
  // Waits for the files of all other ranks in `dir`: name -> digest, as its writer has it. An error names the rank that
  // could not write, DEADLINE_EXCEEDED one that said nothing for `patience`.
  absl::StatusOr<std::map<std::string, std::string>> Await(const std::string& dir, absl::Duration patience,
                                                           FileSystem* files);

 private:
  const uint64_t save_;
  Collectives* const collectives_;
  bool told_ = false;
};

}  // namespace drover::learner
