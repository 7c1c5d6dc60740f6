// A ShardPlan's pieces of tensors.
#pragma once

#include <torch/types.h>

#include <vector>

#include "absl/types/span.h"
#include "learner/shard_plan.h"

namespace drover::learner {

// A plan for `parameters`, in their order.
ShardPlan PlanShards(absl::Span<const torch::Tensor> parameters, int ranks);

// Views of what `rank` owns of `wholes`, one per piece: flat, without gradient. `wholes` are contiguous and have the
// plan's sizes.
std::vector<torch::Tensor> ShardOf(const ShardPlan& plan, int rank, absl::Span<const torch::Tensor> wholes);

// The inverse for a plan of one rank: its pieces as tensors of the shapes of `like`, sharing storage.
std::vector<torch::Tensor> WholesOf(const ShardPlan& plan, absl::Span<const torch::Tensor> shard,
                                    absl::Span<const torch::Tensor> like);

}  // namespace drover::learner
