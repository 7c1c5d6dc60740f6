// A ShardPlan's pieces of tensors.
#pragma once

#include <torch/types.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "learner/shard_plan.h"
#include "ranks/collectives.h"

namespace drover::learner {

// The sizes of tensors.
std::vector<int64_t> ElementsOf(absl::Span<const torch::Tensor> tensors);

// A plan for `parameters`, in their order, of one bucket.
ShardPlan PlanShards(absl::Span<const torch::Tensor> parameters, int ranks);

// Views of what `rank` owns of `wholes`, one per piece: flat, without gradient. `wholes` are contiguous and have the
// plan's sizes.
std::vector<torch::Tensor> ShardOf(const ShardPlan& plan, int rank, absl::Span<const torch::Tensor> wholes);

// Every rank's pieces of `wholes`, which it has changed, to all ranks, a bucket at a time; float32. Every rank calls it.
absl::Status GatherShards(const ShardPlan& plan, absl::Span<const torch::Tensor> wholes,
                          Collectives& collectives);

}  // namespace drover::learner
