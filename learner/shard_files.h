// The files of a checkpoint's training state (docs/reference/checkpoint.md), for all who look for them. No LibTorch.
#pragma once

#include <string>

#include "absl/strings/str_format.h"

namespace drover::learner {

inline constexpr char kStateFile[] = "training_state.safetensors";
// In its metadata, where ranks share the moments: how many shards there are beside it.
inline constexpr char kShardsKey[] = "drover.shards";

// The moments of one rank, from 0.
inline std::string ShardFile(int rank) {
  return absl::StrFormat("training_state.shard-%05d.safetensors", rank);
}

}  // namespace drover::learner
