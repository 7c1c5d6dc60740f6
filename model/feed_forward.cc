#include "model/feed_forward.h"

#include <ATen/ATen.h>

namespace drover::model {

FeedForward::FeedForward(const FeedForwardDescription& description, ParameterAllocator& allocator,
                         RankGroup* group)
    : activation_(description.activation),
      gate_up_(allocator.Join(description.gate_up)),
      down_(description.down, allocator.Make(description.down), group) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x) const { return down_.Forward(Inner(x)); }

torch::Tensor FeedForward::AddForward(torch::Tensor& residual, const torch::Tensor& x) const {
  return down_.AddForward(residual, Inner(x));
}

torch::Tensor FeedForward::Inner(const torch::Tensor& x) const {
  const torch::ScalarType dtype = x.scalar_type();
  torch::Tensor gate, up;
  if (gate_up_.all.weight.defined()) {
    const torch::Tensor both = ops::Linear(x, gate_up_.all, dtype);
    const int64_t inner = both.size(-1) / 2;
    gate = both.narrow(-1, 0, inner);
    up = both.narrow(-1, inner, inner);
  } else {
    gate = ops::Linear(x, gate_up_.parts[0], dtype);
    up = ops::Linear(x, gate_up_.parts[1], dtype);
  }
  return ops::GatedActivation(gate, up, activation_);
}

}  // namespace drover::model
