#include "learner/value_head.h"

#include <ATen/ATen.h>

namespace drover::learner {

ValueHead::ValueHead(int64_t hidden_size, torch::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  weight_1D_ = at::zeros({1, hidden_size}, options).requires_grad_();
  bias_1_ = at::zeros({1}, options).requires_grad_();
  parameters_ = {{kValueHeadNames[0], bias_1_}, {kValueHeadNames[1], weight_1D_}};
}

// A product and a sum: a matrix product of one column is free to add up in an order that depends on the rows.
torch::Tensor ValueHead::Values(const torch::Tensor& hidden_RD) const {
  return (hidden_RD * weight_1D_).sum(-1) + bias_1_;
}

}  // namespace drover::learner
