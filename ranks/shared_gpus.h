// Which ranks compute on one GPU.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ranks/collectives.h"

namespace drover {

// Under which word of the group a rank whose device is a GPU leaves what tells that GPU from all others (its UUID), before
// JoinC10d returns on any rank of a group of several.
std::string GpuWord(int rank);

// How many of the ranks compute on one GPU, where most of them do; at least 1. Not collective. Errors of Told.
absl::StatusOr<int> MostRanksOnOneGpu(Collectives& collectives);

}  // namespace drover
