// Weights of one floating type as another.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/dtype.h"
#include "model/safetensors.h"

namespace drover::model {

// The tensor's elements, F32, BF16, F16 or F64, as `dtype`, F32, BF16 or F16: little-endian, row-major. They are taken as
// float32 (an F64 is rounded to it first, as LibTorch does) and rounded to nearest, ties to even. INVALID_ARGUMENT with
// the tensor's name for other types, and for an element that is no finite number afterwards.
absl::StatusOr<std::string> ConvertWeights(const TensorView& tensor, Dtype dtype);

}  // namespace drover::model
