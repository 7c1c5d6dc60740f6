// Attention of one layer: its weights and its forward, as an AttentionDescription says.
#pragma once

#include <torch/types.h>

#include "absl/functional/function_ref.h"
#include "model/architecture.h"
#include "model/ops.h"
#include "model/parameters.h"

namespace drover::model {

// Rotated, in the arithmetic's dtype: query [..., H, d], key and value [..., K, d].
struct Heads {
  torch::Tensor query, key, value;
};

// How tokens see each other: heads -> [..., H d] (of ops.h's attentions, with or without a cache).
using Attend = absl::FunctionRef<torch::Tensor(const Heads& heads)>;

class Attention {
 public:
  Attention(const AttentionDescription& description, double norm_eps, ParameterAllocator& allocator);

  // x [..., D] in the arithmetic's dtype, [..., D] back. Leading dimensions are B, T for whole sequences and R for
  // single tokens.
  torch::Tensor Forward(const torch::Tensor& x, const ops::RopeAngles& angles, Attend attend) const;

 private:
  Heads Project(const torch::Tensor& x, const ops::RopeAngles& angles) const;

  const int64_t heads_, kv_heads_, head_dim_;
  const double norm_eps_;
  const JoinedLinear projections_;  // query, key, value
  const ops::LinearWeights output_;
  const torch::Tensor query_norm_, key_norm_;  // [d]; undefined: no norms
};

}  // namespace drover::model
