// One layer of a transformer: its blocks, and how they follow each other.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/architecture.h"
#include "model/attention.h"
#include "model/feed_forward.h"
#include "model/ops.h"
#include "model/parameters.h"
#include "model/rank_gather.h"

namespace drover::model {

class DecoderLayer {
 public:
  // Matrix products in `dtype`. `group`: null, or the ranks of whose rows the description has this rank's.
  DecoderLayer(const LayerDescription& description, const NormSettings& norms, torch::ScalarType dtype,
               ParameterAllocator& allocator, RankGroup* group);

  // x [..., D] float32, [..., D] back: in x's own memory where no gradient is wanted.
  // `angles`: of all of the architecture's ropes.
  torch::Tensor Forward(torch::Tensor x, const std::vector<ops::RopeAngles>& angles, Attend attend) const;

 private:
  torch::Tensor Before(const torch::Tensor& x, const torch::Tensor& norm) const;
  torch::Tensor After(const torch::Tensor& update, const torch::Tensor& norm) const;

  const NormSettings norms_;
  const torch::ScalarType dtype_;
  // [D]; undefined where there is no norm.
  const torch::Tensor attention_norm_, attention_output_norm_;
  const torch::Tensor feed_forward_norm_, feed_forward_output_norm_;
  const Attention attention_;
  const FeedForward feed_forward_;
};

}  // namespace drover::model
