#include "learner/gradients.h"

#include <ATen/ATen.h>

namespace drover::learner {

GradientBucket::GradientBucket(const std::vector<torch::Tensor>& parameters) {
  int64_t elements = 0;
  for (const torch::Tensor& parameter : parameters) elements += parameter.numel();
  flat_ = at::zeros({elements}, parameters.at(0).detach().options());
  int64_t offset = 0;
  for (torch::Tensor parameter : parameters) {
    views_.push_back(flat_.narrow(0, offset, parameter.numel()).view(parameter.sizes()));
    parameter.mutable_grad() = views_.back();
    offset += parameter.numel();
  }
}

void GradientBucket::Zero() { flat_.zero_(); }

double GradientBucket::Norm() const {
  return at::linalg_vector_norm(flat_, 2, std::nullopt, /*keepdim=*/false, at::kDouble).item<double>();
}

void GradientBucket::Clip(double norm, double max_norm) {
  if (max_norm <= 0.0) return;
  const double scale = max_norm / (norm + 1e-6);
  if (scale < 1.0) flat_.mul_(scale);
}

}  // namespace drover::learner
