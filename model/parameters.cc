#include "model/parameters.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/match.h"
#include "base/random.h"

namespace drover::model {
namespace {

// Box and Muller's two normal numbers of two uniform ones.
void FillNormal(const torch::Tensor& target, RandomStream& random, double std) {
  const torch::Tensor values = at::empty(target.sizes(), at::TensorOptions(at::kFloat));
  float* const out = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); i += 2) {
    const double radius = std * std::sqrt(-2.0 * std::log(1.0 - random.Uniform()));
    const double angle = 2.0 * M_PI * random.Uniform();
    out[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < values.numel()) out[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  target.copy_(values);
}

}  // namespace

ParameterAllocator::ParameterAllocator(torch::ScalarType dtype, torch::Device device, bool fused)
    : options_(torch::TensorOptions(dtype).device(device)), fused_(fused) {}

torch::Tensor ParameterAllocator::Make(const WeightDescription& weight) {
  if (!weight.present()) return {};
  return by_name_[weight.name] = at::empty(weight.shape, options_);
}

ops::LinearWeights ParameterAllocator::Make(const LinearDescription& linear) {
  return {Make(linear.weight), Make(linear.bias)};
}

JoinedLinear ParameterAllocator::Join(const std::vector<LinearDescription>& parts) {
  JoinedLinear joined;
  if (!fused_) {
    for (const LinearDescription& part : parts) joined.parts.push_back(Make(part));
    return joined;
  }
  std::vector<WeightDescription> weights, biases;
  for (const LinearDescription& part : parts) {
    weights.push_back(part.weight);
    biases.push_back(part.bias);
  }
  std::vector<torch::Tensor> weight_views, bias_views;
  joined.all = {MakeRows(weights, &weight_views), MakeRows(biases, &bias_views)};
  for (size_t i = 0; i < parts.size(); ++i) joined.parts.push_back({weight_views[i], bias_views[i]});
  return joined;
}

// One tensor whose rows are those of `parts` one after the other, each a view of it; undefined where they are absent.
torch::Tensor ParameterAllocator::MakeRows(const std::vector<WeightDescription>& parts,
                                           std::vector<torch::Tensor>* views) {
  views->resize(parts.size());
  if (!parts[0].present()) return {};
  std::vector<int64_t> shape = parts[0].shape;
  shape[0] = 0;
  for (const WeightDescription& part : parts) shape[0] += part.shape[0];
  const torch::Tensor whole = at::empty(shape, options_);
  int64_t begin = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t rows = parts[i].shape[0];
    (*views)[i] = by_name_[parts[i].name] = whole.narrow(0, begin, rows);
    begin += rows;
  }
  return whole;
}

void InitializeParameters(const ParametersByName& parameters, uint64_t seed, double std) {
  at::NoGradGuard no_grad;
  uint64_t stream = 0;
  for (const auto& [name, tensor] : parameters) {
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream++);
    if (tensor.dim() > 1) {
      FillNormal(tensor, random, std);
    } else {
      tensor.fill_(absl::EndsWith(name, ".bias") ? 0.0 : 1.0);
    }
  }
}

}  // namespace drover::model
