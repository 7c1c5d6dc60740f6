// The feed-forward block of one layer: its weights and its forward, as a FeedForwardDescription says.
#pragma once

#include <torch/types.h>

#include "model/architecture.h"
#include "model/ops.h"
#include "model/parameters.h"
#include "model/rank_gather.h"

namespace drover::model {

class FeedForward {
 public:
  // `group`: null, or the ranks of whose inner width the description has this rank's run.
  FeedForward(const FeedForwardDescription& description, ParameterAllocator& allocator, RankGroup* group);

  // x [..., D] in the arithmetic's dtype, [..., D] back, as ops::Linear leaves it.
  torch::Tensor Forward(const torch::Tensor& x) const;
  // residual + Forward(x), as ops::AddLinear adds.
  torch::Tensor AddForward(torch::Tensor& residual, const torch::Tensor& x) const;

 private:
  torch::Tensor Inner(const torch::Tensor& x) const;

  const Activation activation_;
  const JoinedLinear gate_up_;
  const OutputLinear down_;
};

}  // namespace drover::model
