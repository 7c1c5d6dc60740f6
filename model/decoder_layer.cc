#include "model/decoder_layer.h"

#include <ATen/ATen.h>

namespace drover::model {

DecoderLayer::DecoderLayer(const LayerDescription& description, const NormSettings& norms,
                           torch::ScalarType dtype, ParameterAllocator& allocator, RankGroup* group)
    : norms_(norms),
      dtype_(dtype),
      attention_norm_(allocator.Make(description.attention_norm)),
      attention_output_norm_(allocator.Make(description.attention_output_norm)),
      feed_forward_norm_(allocator.Make(description.feed_forward_norm)),
      feed_forward_output_norm_(allocator.Make(description.feed_forward_output_norm)),
      attention_(description.attention, norms, allocator, group),
      feed_forward_(description.feed_forward, allocator, group) {}

torch::Tensor DecoderLayer::Forward(torch::Tensor x, const std::vector<ops::RopeAngles>& angles,
                                    Attend attend) const {
  const torch::Tensor reads = Before(x, attention_norm_);
  if (!attention_output_norm_.defined()) {
    x = attention_.AddForward(x, reads, angles, attend);
  } else {
    x = ops::AddResidual(x, After(attention_.Forward(reads, angles, attend), attention_output_norm_));
  }
  const torch::Tensor feeds = Before(x, feed_forward_norm_);
  if (!feed_forward_output_norm_.defined()) return feed_forward_.AddForward(x, feeds);
  return ops::AddResidual(x, After(feed_forward_.Forward(feeds), feed_forward_output_norm_));
}

torch::Tensor DecoderLayer::Before(const torch::Tensor& x, const torch::Tensor& norm) const {
  return norm.defined() ? ops::Norm(x, norm, norms_, dtype_, dtype_) : x.to(dtype_);
}

torch::Tensor DecoderLayer::After(const torch::Tensor& update, const torch::Tensor& norm) const {
  return ops::Norm(update, norm, norms_, dtype_, at::kFloat);
}

}  // namespace drover::model
