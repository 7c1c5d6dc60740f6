#include "model/attention.h"

#include <ATen/ATen.h>

namespace drover::model {

Attention::Attention(const AttentionDescription& description, double norm_eps, ParameterAllocator& allocator)
    : heads_(description.heads),
      kv_heads_(description.kv_heads),
      head_dim_(description.head_dim),
      norm_eps_(norm_eps),
      projections_(allocator.Join({description.query, description.key, description.value})),
      output_(allocator.Make(description.output)),
      query_norm_(allocator.Make(description.query_norm)),
      key_norm_(allocator.Make(description.key_norm)) {}

torch::Tensor Attention::Forward(const torch::Tensor& x, const ops::RopeAngles& angles, Attend attend) const {
  return ops::Linear(attend(Project(x, angles)), output_);
}

Heads Attention::Project(const torch::Tensor& x, const ops::RopeAngles& angles) const {
  const torch::ScalarType dtype = x.scalar_type();
  const auto split = [&](const torch::Tensor& projected) { return projected.unflatten(-1, {-1, head_dim_}); };
  Heads heads;
  if (projections_.all.weight.defined()) {
    const torch::Tensor all = split(ops::Linear(x, projections_.all));
    heads.value = all.narrow(-2, heads_ + kv_heads_, kv_heads_);
    if (!query_norm_.defined()) {  // query and key are turned together
      const torch::Tensor turned = ops::Rotate(all.narrow(-2, 0, heads_ + kv_heads_), angles, dtype);
      heads.query = turned.narrow(-2, 0, heads_);
      heads.key = turned.narrow(-2, heads_, kv_heads_);
      return heads;
    }
    heads.query = all.narrow(-2, 0, heads_);
    heads.key = all.narrow(-2, heads_, kv_heads_);
  } else {
    heads.query = split(ops::Linear(x, projections_.parts[0]));
    heads.key = split(ops::Linear(x, projections_.parts[1]));
    heads.value = split(ops::Linear(x, projections_.parts[2]));
  }
  if (query_norm_.defined()) {
    heads.query = ops::Norm(heads.query, query_norm_, norm_eps_, dtype);
    heads.key = ops::Norm(heads.key, key_norm_, norm_eps_, dtype);
  }
  heads.query = ops::Rotate(heads.query, angles, dtype);
  heads.key = ops::Rotate(heads.key, angles, dtype);
  return heads;
}

}  // namespace drover::model
