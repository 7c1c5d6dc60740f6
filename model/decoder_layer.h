// One layer of a transformer: its blocks, and how they follow each other.
#pragma once

#include <torch/types.h>

#include "model/architecture.h"
#include "model/attention.h"
#include "model/feed_forward.h"
#include "model/ops.h"
#include "model/parameters.h"

namespace drover::model {

class DecoderLayer {
 public:
  // Matrix products in `dtype`.
  DecoderLayer(const LayerDescription& description, double norm_eps, torch::ScalarType dtype,
               ParameterAllocator& allocator);

  // x [..., D] float32, [..., D] back: in x's own memory where no gradient is wanted.
  torch::Tensor Forward(torch::Tensor x, const ops::RopeAngles& angles, Attend attend) const;

 private:
  torch::Tensor Normed(const torch::Tensor& x, const torch::Tensor& weight) const;

  const double norm_eps_;
  const torch::ScalarType dtype_;
  const torch::Tensor attention_norm_, feed_forward_norm_;  // [D]
  const Attention attention_;
  const FeedForward feed_forward_;
};

}  // namespace drover::model
