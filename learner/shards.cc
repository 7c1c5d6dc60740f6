#include "learner/shards.h"

#include <ATen/ATen.h>

#include "base/check.h"

namespace drover::learner {

ShardPlan PlanShards(absl::Span<const torch::Tensor> parameters, int ranks) {
  std::vector<int64_t> elements;
  for (const torch::Tensor& parameter : parameters) elements.push_back(parameter.numel());
  return ShardPlan(std::move(elements), ranks);
}

std::vector<torch::Tensor> ShardOf(const ShardPlan& plan, int rank, absl::Span<const torch::Tensor> wholes) {
  DROVER_CHECK(wholes.size() == plan.parameter_elements().size());
  std::vector<torch::Tensor> shard;
  for (const ShardPiece& piece : plan.Pieces(rank)) {
    const torch::Tensor flat = wholes[piece.parameter].detach().view({-1});
    DROVER_CHECK(flat.numel() == plan.parameter_elements()[piece.parameter]);
    shard.push_back(flat.narrow(0, piece.begin, piece.elements));
  }
  return shard;
}

std::vector<torch::Tensor> WholesOf(const ShardPlan& plan, absl::Span<const torch::Tensor> shard,
                                    absl::Span<const torch::Tensor> like) {
  DROVER_CHECK(plan.ranks() == 1 && shard.size() == like.size());
  std::vector<torch::Tensor> wholes;
  for (size_t i = 0; i < like.size(); ++i) wholes.push_back(shard[i].view(like[i].sizes()));
  return wholes;
}

}  // namespace drover::learner
