#include "model/torch_dtype.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model {

absl::StatusOr<torch::ScalarType> ToScalarType(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF32:
      return torch::kFloat32;
    case Dtype::kBF16:
      return torch::kBFloat16;
    case Dtype::kF16:
      return torch::kFloat16;
    case Dtype::kF64:
      return torch::kFloat64;
    default:
      return absl::InvalidArgumentError(absl::StrCat("weights of type ", ToAbsl(DtypeName(dtype)),
                                                     " are not read, only F32, BF16, F16 and F64"));
  }
}

absl::StatusOr<Dtype> FromScalarType(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
      return Dtype::kF32;
    case torch::kBFloat16:
      return Dtype::kBF16;
    case torch::kFloat16:
      return Dtype::kF16;
    case torch::kFloat64:
      return Dtype::kF64;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("tensors of type ", c10::toString(type), " are not kept as weights"));
  }
}

absl::StatusOr<torch::Tensor> TensorOfView(const TensorView& view) {
  ASSIGN_OR_RETURN(const torch::ScalarType type, ToScalarType(view.dtype));
  const bool aligned = reinterpret_cast<uintptr_t>(view.bytes.data()) % DtypeBytes(view.dtype) == 0;
  if (aligned && !view.bytes.empty()) {
    return at::from_blob(const_cast<char*>(view.bytes.data()), view.shape, at::TensorOptions(type));
  }
  torch::Tensor copy = at::empty(view.shape, at::TensorOptions(type));
  std::memcpy(copy.data_ptr(), view.bytes.data(), view.bytes.size());
  return copy;
}

absl::StatusOr<TensorView> ViewOfTensor(const std::string& name, const torch::Tensor& tensor) {
  ASSIGN_OR_RETURN(const Dtype dtype, FromScalarType(tensor.scalar_type()));
  TensorView view;
  view.name = name;
  view.dtype = dtype;
  view.shape = tensor.sizes().vec();
  view.bytes = std::string_view(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  return view;
}

}  // namespace drover::model
