// Which part of a model one of several ranks holds that compute it together (tensor parallelism, decision 0024). Arithmetic
// over descriptions; no LibTorch.
//
// Every matrix is shared out by its rows, which are its outputs; nobody holds a part of a sum, so that each number is computed
// by one rank, by the operations of a model on one rank:
//
//   query, key, value   the rows of the rank's heads          embedding, head   a run of the vocabulary
//   gate, up            a run of the inner width              norms             whole, on every rank
//   output, down        a run of the model's width
//
// Each rank has heads / ranks query heads. Where there are fewer key heads than ranks several ranks hold the same one.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "model/architecture.h"
#include "model/config.h"
#include "model/weight_shapes.h"

namespace drover::model {

struct RankShare {
  int rank = 0;
  int ranks = 1;
};

// The rank's part of `total` rows: the first ranks have one row more where they cannot all have as many.
RowRun RunOf(int64_t total, RankShare share);

// Whether `ranks` ranks can hold such a model. INVALID_ARGUMENT says which number of it stands against that, and which
// numbers of ranks there may be.
absl::Status CheckShares(const ModelConfig& config, int ranks);

// The description with the rank's rows alone, and its heads; of a model that passed CheckShares.
Architecture ShareOf(Architecture whole, RankShare share);

// The model's configuration with the rank's heads: what its keys and values take (kv_cache.h).
ModelConfig WithOwnHeads(ModelConfig config, RankShare share);

// Of what the rank holds.
WeightCounts CountSharedWeights(const ModelConfig& config, RankShare share);

}  // namespace drover::model
