#include "learner/gradients.h"

#include <ATen/ATen.h>

namespace drover::learner {
namespace {

constexpr int64_t kNormElements = int64_t{1} << 26;  // 512 MiB in double precision

}  // namespace

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

// In pieces: LibTorch converts all of its operand to double precision first.
double GradientBucket::Norm() const {
  std::vector<torch::Tensor> norms;
  for (const torch::Tensor& piece : flat_.split(kNormElements)) {
    norms.push_back(at::linalg_vector_norm(piece, 2, std::nullopt, /*keepdim=*/false, at::kDouble));
  }
  if (norms.size() == 1) return norms[0].item<double>();
  return at::linalg_vector_norm(at::stack(norms)).item<double>();
}

void GradientBucket::Clip(double norm, double max_norm) {
  if (max_norm <= 0.0) return;
  const double scale = max_norm / (norm + 1e-6);
  if (scale < 1.0) flat_.mul_(scale);
}

}  // namespace drover::learner
