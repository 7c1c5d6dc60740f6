#include "learner/shards.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace drover::learner {
namespace {

std::vector<torch::Tensor> ThreeParameters() {
  return {at::arange(12, at::kFloat).view({3, 4}), at::arange(5, at::kFloat) + 100.0,
          at::arange(6, at::kFloat).view({2, 3}) + 200.0};
}

// The ranks' shards one after the other are the flat parameters, and views of them.
TEST(Shards, AreTheFlatParametersInOrder) {
  const std::vector<torch::Tensor> parameters = ThreeParameters();
  std::vector<torch::Tensor> flat;
  for (const torch::Tensor& parameter : parameters) flat.push_back(parameter.flatten());
  for (int ranks : {1, 2, 3, 7}) {
    const ShardPlan plan = PlanShards(parameters, ranks);
    std::vector<torch::Tensor> all;
    for (int rank = 0; rank < ranks; ++rank) {
      for (const torch::Tensor& piece : ShardOf(plan, rank, parameters)) all.push_back(piece);
    }
    EXPECT_TRUE(at::cat(all).equal(at::cat(flat))) << ranks;
    all.back().add_(1.0);
  }
  EXPECT_EQ(parameters[2][1][2].item<float>(), 209.0F);
}

}  // namespace
}  // namespace drover::learner
