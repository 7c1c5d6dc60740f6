// Attention of one layer: its weights and its forward, as an AttentionDescription says.
#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "model/architecture.h"
#include "model/ops.h"
#include "model/parameters.h"
#include "model/rank_gather.h"

namespace drover::model {

// Rotated, in the arithmetic's dtype: query [..., H, d], key and value [..., K, d].
struct Heads {
  torch::Tensor query, key, value;
};

// How tokens see each other: heads -> [..., H d] (of ops.h's attentions, with or without a cache), with the settings of
// the layer.
using Attend = absl::FunctionRef<torch::Tensor(const Heads& heads, const AttentionSettings& settings)>;

class Attention {
 public:
  // `group`: null, or the ranks of whose heads the description has this rank's.
  Attention(const AttentionDescription& description, const NormSettings& norms, ParameterAllocator& allocator,
            RankGroup* group);

  // x [..., D] in the arithmetic's dtype, [..., D] back, as ops::Linear leaves it. `angles`: of all of the architecture's
  // ropes.
  torch::Tensor Forward(const torch::Tensor& x, const std::vector<ops::RopeAngles>& angles,
                        Attend attend) const;
  // residual + Forward(...), as ops::AddLinear adds.
  torch::Tensor AddForward(torch::Tensor& residual, const torch::Tensor& x,
                           const std::vector<ops::RopeAngles>& angles, Attend attend) const;

 private:
  Heads Project(const torch::Tensor& x, const std::vector<ops::RopeAngles>& angles) const;
  // Normalised (where there is a norm) and rotated (where the layer has a rope).
  torch::Tensor Placed(const torch::Tensor& heads, const torch::Tensor& norm,
                       const std::vector<ops::RopeAngles>& angles) const;

  const int64_t heads_, kv_heads_, head_dim_;
  const AttentionSettings settings_;
  const NormSettings norms_;
  const std::optional<size_t> rope_;
  const JoinedLinear projections_;  // query, key, value
  const OutputLinear output_;
  const torch::Tensor query_norm_, key_norm_;  // [d], or [H d] and [K d] of all heads; undefined: no norms
  RankGroup* const group_;
};

}  // namespace drover::model
