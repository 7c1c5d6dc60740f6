#include "model/weight_rounding.h"

#include <ATen/ATen.h>

#include "base/status.h"
#include "model/torch_dtype.h"

namespace drover::model {

absl::Status AddRounded(const std::string& name, const torch::Tensor& weight, torch::ScalarType dtype,
                        WeightSetBuilder* builder) {
  const torch::Tensor kept = weight.detach().to(dtype).cpu().contiguous();
  ASSIGN_OR_RETURN(const TensorView view, ViewOfTensor(name, kept));
  return builder->Add({.name = name, .dtype = view.dtype, .shape = view.shape}, std::string(view.bytes));
}

}  // namespace drover::model
