// Ranks of a model as threads of a test, which gather in memory.
#pragma once

#include <functional>

#include "model/rank_gather.h"

namespace drover::model::testing {

// Runs `life` for each of so many ranks, in a thread of its own, and returns when all are through.
void RunThreadRanks(int ranks, const std::function<void(RankGroup&)>& life);

}  // namespace drover::model::testing
