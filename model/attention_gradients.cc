#include "model/attention_gradients.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "model/kernels/cpu/attention_backward.h"
#include "model/packed_weight.h"

namespace drover::model::ops {
namespace {

// [N, heads, d] whose heads lie together, a copy where they do not.
torch::Tensor HeadsTogether(const torch::Tensor& heads_NHd) {
  const bool together = heads_NHd.stride(2) == 1 && heads_NHd.stride(1) == heads_NHd.size(2);
  return together ? heads_NHd : heads_NHd.contiguous();
}

torch::Tensor GradientOf(const torch::Tensor& heads_NHd) {
  return at::empty(heads_NHd.sizes(), at::TensorOptions(heads_NHd.scalar_type()));
}

}  // namespace

AttentionGradients AttentionBackward(const AttentionPass& pass, const std::vector<Segment>& segments,
                                     const AttentionSettings& settings) {
  at::NoGradGuard no_grad;
  const torch::ScalarType dtype = pass.query_NHd.scalar_type();
  DROVER_CHECK(pass.key_NKd.scalar_type() == dtype && pass.value_NKd.scalar_type() == dtype);
  const torch::Tensor query = HeadsTogether(pass.query_NHd);
  const torch::Tensor key = HeadsTogether(pass.key_NKd);
  const torch::Tensor value = HeadsTogether(pass.value_NKd);
  const torch::Tensor out = pass.out_NHd.to(dtype).contiguous();
  const torch::Tensor gradient = pass.gradient_NHd.to(dtype).contiguous();
  const AttentionGradients of = {GradientOf(query), GradientOf(key), GradientOf(value)};
  const torch::Tensor statistics =
      at::empty({query.size(0), query.size(1), cpu::kBackwardStatistics}, at::TensorOptions(at::kFloat));

  cpu::AttentionBackward call;
  call.query = query.const_data_ptr();
  call.key = key.const_data_ptr();
  call.value = value.const_data_ptr();
  call.out = out.const_data_ptr();
  call.gradient = gradient.const_data_ptr();
  call.query_stride = query.stride(0);
  call.key_stride = key.stride(0);
  call.value_stride = value.stride(0);
  call.heads = query.size(1);
  call.key_heads = key.size(1);
  call.head_dim = query.size(2);
  call.out_stride = call.gradient_stride = call.heads * call.head_dim;
  call.scale = static_cast<float>(settings.scale);
  call.soft_cap = static_cast<float>(settings.soft_cap);
  call.window = settings.window;
  call.statistics = statistics.mutable_data_ptr<float>();
  call.of_query = of.query.mutable_data_ptr();
  call.of_key = of.key.mutable_data_ptr();
  call.of_value = of.value.mutable_data_ptr();
  cpu::BackwardAttention(ElementOf(dtype), call, segments);
  return of;
}

}  // namespace drover::model::ops
