#include "model/attention.h"

#include <ATen/ATen.h>

namespace drover::model {

Attention::Attention(const AttentionDescription& description, const NormSettings& norms,
                     ParameterAllocator& allocator, RankGroup* group)
    : heads_(description.heads),
      kv_heads_(description.kv_heads),
      head_dim_(description.head_dim),
      settings_(description.settings),
      norms_(norms),
      rope_(description.rope),
      projections_(allocator.Join(description.projections)),
      output_(description.output, allocator.Make(description.output), group),
      query_norm_(allocator.Make(description.query_norm)),
      key_norm_(allocator.Make(description.key_norm)),
      group_(group) {}

torch::Tensor Attention::Forward(const torch::Tensor& x, const std::vector<ops::RopeAngles>& angles,
                                 Attend attend) const {
  return output_.Forward(attend(Project(x, angles), settings_));
}

torch::Tensor Attention::AddForward(torch::Tensor& residual, const torch::Tensor& x,
                                    const std::vector<ops::RopeAngles>& angles, Attend attend) const {
  return output_.AddForward(residual, attend(Project(x, angles), settings_));
}

Heads Attention::Project(const torch::Tensor& x, const std::vector<ops::RopeAngles>& angles) const {
  const torch::ScalarType dtype = x.scalar_type();
  const auto split = [&](const torch::Tensor& projected) { return projected.unflatten(-1, {-1, head_dim_}); };
  Heads heads;
  if (projections_.all.weight.defined()) {
    const torch::Tensor all = split(ops::Linear(x, projections_.all, dtype));
    heads.value = all.narrow(-2, heads_ + kv_heads_, kv_heads_);
    torch::Tensor both = all.narrow(-2, 0, heads_ + kv_heads_);
    if (rope_ && !query_norm_.defined()) {  // query and key are turned together
      both = ops::Rotate(both, angles[*rope_], dtype);
    }
    heads.query = both.narrow(-2, 0, heads_);
    heads.key = both.narrow(-2, heads_, kv_heads_);
    if (!query_norm_.defined()) return heads;
  } else {
    heads.query = split(ops::Linear(x, projections_.parts[0], dtype));
    heads.key = split(ops::Linear(x, projections_.parts[1], dtype));
    heads.value = split(ops::Linear(x, projections_.parts[2], dtype));
  }
  heads.query = Placed(heads.query, query_norm_, angles);
  heads.key = Placed(heads.key, key_norm_, angles);
  return heads;
}

torch::Tensor Attention::Placed(const torch::Tensor& heads, const torch::Tensor& norm,
                                const std::vector<ops::RopeAngles>& angles) const {
  const torch::ScalarType dtype = heads.scalar_type();
  torch::Tensor placed = heads;
  if (norm.defined() && norm.size(0) == head_dim_) {
    placed = ops::Norm(heads, norm, norms_, dtype, dtype);
  } else if (norm.defined()) {
    placed = NormTogether(heads.flatten(-2), norm.size(0), group_, [&](const torch::Tensor& all) {
               return ops::Norm(all, norm, norms_, dtype, dtype);
             }).unflatten(-1, {-1, head_dim_});
  }
  return rope_ ? ops::Rotate(placed, angles[*rope_], dtype) : placed.to(dtype);
}

}  // namespace drover::model
