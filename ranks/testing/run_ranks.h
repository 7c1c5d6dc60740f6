// Ranks as threads of a test, over real Gloo connections on loopback.
#pragma once

#include <torch/types.h>

#include <functional>

#include "absl/time/time.h"
#include "ranks/collectives.h"

namespace drover::ranks_testing {

// When a rank's connections close: all ranks' one after the other once every life is over, as ranks that end in order do, or
// each rank's as soon as its own life is, whatever the others are at.
enum class RankEnd { kTogether, kAlone };

// Joins `size` ranks over Gloo connections on loopback and, once all have joined, runs `life` for each in a thread of its own;
// `device` is that of each rank.
void RunRanks(int size, absl::Duration timeout, const std::function<void(Collectives&)>& life,
              torch::Device device = torch::kCPU, RankEnd end = RankEnd::kTogether);

}  // namespace drover::ranks_testing
