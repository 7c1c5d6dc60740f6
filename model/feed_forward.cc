#include "model/feed_forward.h"

#include <ATen/ATen.h>

namespace drover::model {

FeedForward::FeedForward(const FeedForwardDescription& description, ParameterAllocator& allocator)
    : gate_up_(allocator.Join({description.gate, description.up})), down_(allocator.Make(description.down)) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x) const {
  torch::Tensor gate, up;
  if (gate_up_.all.weight.defined()) {
    const torch::Tensor both = ops::Linear(x, gate_up_.all);
    const int64_t inner = both.size(-1) / 2;
    gate = both.narrow(-1, 0, inner);
    up = both.narrow(-1, inner, inner);
  } else {
    gate = ops::Linear(x, gate_up_.parts[0]);
    up = ops::Linear(x, gate_up_.parts[1]);
  }
  return ops::Linear(ops::GatedActivation(gate, up), down_);
}

}  // namespace drover::model
