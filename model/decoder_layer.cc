#include "model/decoder_layer.h"

#include <ATen/ATen.h>

namespace drover::model {

DecoderLayer::DecoderLayer(const LayerDescription& description, double norm_eps, torch::ScalarType dtype,
                           ParameterAllocator& allocator)
    : norm_eps_(norm_eps),
      dtype_(dtype),
      attention_norm_(allocator.Make(description.attention_norm)),
      feed_forward_norm_(allocator.Make(description.feed_forward_norm)),
      attention_(description.attention, norm_eps, allocator),
      feed_forward_(description.feed_forward, allocator) {}

torch::Tensor DecoderLayer::Forward(torch::Tensor x, const ops::RopeAngles& angles, Attend attend) const {
  x = ops::AddResidual(x, attention_.Forward(Normed(x, attention_norm_), angles, attend));
  return ops::AddResidual(x, feed_forward_.Forward(Normed(x, feed_forward_norm_)));
}

torch::Tensor DecoderLayer::Normed(const torch::Tensor& x, const torch::Tensor& weight) const {
  return ops::Norm(x, weight, norm_eps_, dtype_).to(dtype_);
}

}  // namespace drover::model
