// Element types and bytes between the formats (model/dtype.h) and LibTorch.
#pragma once

#include <torch/types.h>

#include "absl/status/statusor.h"
#include "model/dtype.h"
#include "model/safetensors.h"

namespace drover::model {

// INVALID_ARGUMENT for types that are not kept as weights: only F32, BF16, F16 and F64 are.
absl::StatusOr<torch::ScalarType> ToScalarType(Dtype dtype);
absl::StatusOr<Dtype> FromScalarType(torch::ScalarType type);

// A tensor over the bytes of `view`, without a copy where they are aligned for its type: read it before the view's
// owner goes away, and do not write to it.
absl::StatusOr<torch::Tensor> TensorOfView(const TensorView& view);

// The bytes of `tensor`, which must be a contiguous CPU tensor of a type above and must outlive the view.
absl::StatusOr<TensorView> ViewOfTensor(const std::string& name, const torch::Tensor& tensor);

}  // namespace drover::model
