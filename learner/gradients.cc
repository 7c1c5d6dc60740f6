#include "learner/gradients.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/status.h"
#include "learner/shards.h"

namespace drover::learner {
namespace {

// What is converted to double precision at a time: 64 MiB of it, or 512 MiB where each piece costs a kernel's launch. Below
// 32 MiB malloc would take each piece from its heap, which grows by all of them.
int64_t NormElements(const torch::Tensor& tensor) { return int64_t{1} << (tensor.is_cpu() ? 23 : 26); }

}  // namespace

// In pieces: LibTorch converts all of its operand to double precision first.
double NormOf(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> norms;
  for (const torch::Tensor& tensor : tensors) {
    for (const torch::Tensor& piece : tensor.split(NormElements(tensor))) {
      norms.push_back(at::linalg_vector_norm(piece, 2, std::nullopt, /*keepdim=*/false, at::kDouble));
    }
  }
  if (norms.empty()) return 0.0;
  if (norms.size() == 1) return norms[0].item<double>();
  return at::linalg_vector_norm(at::stack(norms)).item<double>();
}

absl::StatusOr<double> NormOverRanks(const std::vector<torch::Tensor>& own, Collectives& collectives) {
  const double norm = NormOf(own);
  torch::Tensor squared = at::full({1}, norm * norm, at::kDouble);
  RETURN_IF_ERROR(collectives.AllReduceSum(squared));
  return std::sqrt(squared.item<double>());
}

void StepGradients::Clip(double norm, double max_norm) {
  if (max_norm <= 0.0) return;
  const double scale = max_norm / (norm + 1e-6);
  if (scale >= 1.0) return;
  for (torch::Tensor& sum : sums_) sum.mul_(scale);
}

GradientBucket::GradientBucket(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan)
    : flat_(at::zeros({plan.flat_elements()}, parameters.at(0).detach().options())) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    const torch::Tensor& parameter = parameters[i];
    views_.push_back(flat_.narrow(0, plan.Offset(i), parameter.numel()).view(parameter.sizes()));
    parameter.mutable_grad() = views_.back();
  }
}

GradientBucket::GradientBucket(const std::vector<torch::Tensor>& parameters)
    : GradientBucket(parameters, PlanShards(parameters, /*ranks=*/1)) {}

ReducedGradients::ReducedGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                                   Collectives* collectives)
    : collectives_(collectives), bucket_(parameters, plan) {
  sums_ = {bucket_.flat()};
  pieces_ = ShardOf(plan, /*rank=*/0, bucket_.views());
}

absl::Status ReducedGradients::Begin(int64_t) {
  bucket_.Zero();
  return absl::OkStatus();
}

ScatteredGradients::ScatteredGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                                       torch::ScalarType wire, Collectives* collectives)
    : wire_(wire), collectives_(collectives), bucket_(parameters, plan) {
  const int rank = collectives->rank();
  for (const ShardBucket& bucket : plan.buckets()) {
    exchanged_.push_back(bucket_.flat().narrow(0, bucket.begin, plan.ranks() * bucket.run_elements));
    sums_.push_back(exchanged_.back().narrow(0, rank * bucket.run_elements, bucket.run_elements));
  }
  pieces_ = ShardOf(plan, rank, bucket_.views());
}

absl::Status ScatteredGradients::Begin(int64_t) {
  bucket_.Zero();
  return absl::OkStatus();
}

absl::Status ScatteredGradients::Sum() {
  for (const torch::Tensor& bucket : exchanged_) {
    RETURN_IF_ERROR(collectives_->ReduceScatterSum(bucket, wire_));
  }
  return absl::OkStatus();
}

}  // namespace drover::learner
