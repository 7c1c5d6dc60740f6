#include "learner/shards.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "base/status.h"

namespace drover::learner {

std::vector<int64_t> ElementsOf(absl::Span<const torch::Tensor> tensors) {
  std::vector<int64_t> elements;
  for (const torch::Tensor& tensor : tensors) elements.push_back(tensor.numel());
  return elements;
}

ShardPlan PlanShards(absl::Span<const torch::Tensor> parameters, int ranks) {
  return ShardPlan(ElementsOf(parameters), ranks);
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

absl::Status GatherShards(const ShardPlan& plan, absl::Span<const torch::Tensor> wholes,
                          Collectives& collectives) {
  if (plan.ranks() == 1) return absl::OkStatus();
  const at::NoGradGuard no_grad;
  for (const ShardBucket& bucket : plan.buckets()) {
    const int64_t elements = plan.ranks() * bucket.run_elements;
    const torch::Tensor flat = at::zeros({elements}, wholes[bucket.first].detach().options());
    std::vector<torch::Tensor> places;
    for (size_t i = bucket.first; i < bucket.first + bucket.parameters; ++i) {
      places.push_back(
          flat.narrow(0, plan.Offset(i) - bucket.begin, wholes[i].numel()).view(wholes[i].sizes()));
      places.back().copy_(wholes[i]);  // what is not this rank's is overwritten
    }
    RETURN_IF_ERROR(collectives.AllGather(flat));
    for (size_t i = 0; i < bucket.parameters; ++i) wholes[bucket.first + i].detach().copy_(places[i]);
  }
  return absl::OkStatus();
}

}  // namespace drover::learner
