#include "model/packed_weight.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "base/check.h"

namespace drover::model {

cpu::Element ElementOf(torch::ScalarType dtype) {
  DROVER_CHECK(dtype == at::kFloat || dtype == at::kBFloat16);
  return dtype == at::kFloat ? cpu::Element::kFloat32 : cpu::Element::kBFloat16;
}

// Remembers the weight and its adapters as they are.
bool PackedWeight::Changed(const torch::Tensor& weight, const Adapters& adapters) {
  std::vector<Stamp> stamps;
  const auto add = [&stamps](const torch::Tensor& tensor) {
    // Tensors made in inference mode count no changes: they are taken for changed.
    const int64_t version = tensor.is_inference() ? -1 : static_cast<int64_t>(tensor._version());
    stamps.emplace_back(tensor.const_data_ptr(), version);
    return version >= 0;
  };
  bool counted = add(weight);
  for (const Adapter& adapter : adapters) {
    counted = add(adapter.a) && counted;
    counted = add(adapter.b) && counted;
  }
  const bool changed = !counted || stamps != stamps_;
  stamps_ = std::move(stamps);
  return changed;
}

const cpu::PackedMatrix& PackedWeight::Of(const torch::Tensor& weight, const Adapters& adapters,
                                          torch::ScalarType dtype) {
  const cpu::Element element = ElementOf(dtype);
  const bool fits = matrix_ != nullptr && matrix_->element() == element &&
                    matrix_->rows() == weight.size(0) && matrix_->depth() == weight.size(1);
  if (!Changed(weight, adapters) && fits) return *matrix_;
  if (!fits) matrix_ = std::make_unique<cpu::PackedMatrix>(element, weight.size(0), weight.size(1));
  const torch::Tensor rows =
      adapters.empty() ? weight.detach().contiguous() : model::Merged(weight, adapters, dtype);
  if (ElementOf(rows.scalar_type()) == cpu::Element::kFloat32) {
    matrix_->Pack(rows.const_data_ptr<float>());
  } else {
    matrix_->Pack(static_cast<const uint16_t*>(rows.const_data_ptr()));
  }
  return *matrix_;
}

void PackedWeight::Drop() {
  matrix_.reset();
  held_.reset();
  stamps_.clear();
}

const torch::Tensor& PackedWeight::Wide(const torch::Tensor& weight) {
  if (!Changed(weight, {}) && held_.defined()) return held_;
  c10::InferenceMode plain_tensor(false);
  return held_ = weight.detach().to(at::kFloat);
}

const torch::Tensor& PackedWeight::Merged(const torch::Tensor& weight, const Adapters& adapters,
                                          torch::ScalarType dtype) {
  if (!Changed(weight, adapters) && held_.defined() && held_.scalar_type() == dtype) return held_;
  c10::InferenceMode plain_tensor(false);
  at::NoGradGuard no_grad;
  return held_ = model::Merged(weight, adapters, dtype);
}

}  // namespace drover::model
