#include "model/parameters.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "base/check.h"
#include "base/random.h"
#include "model/lora_config.h"
#include "model/tensor_memory.h"

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

// Between -bound and bound.
void FillUniform(const torch::Tensor& target, RandomStream& random, double bound) {
  const torch::Tensor values = at::empty(target.sizes(), at::TensorOptions(at::kFloat));
  float* const out = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    out[i] = static_cast<float>(bound * (2.0 * random.Uniform() - 1.0));
  }
  target.copy_(values);
}

}  // namespace

ParameterAllocator::ParameterAllocator(const ParameterOptions& options) : options_(options) {
  DROVER_CHECK(options.lent == nullptr || !options.fused);
  DROVER_CHECK(!options.deferred || !options.fused);
}

void ParameterAllocator::NotePart(const WeightDescription& weight) {
  if (!weight.runs.empty()) parts_[weight.name] = {weight.runs, weight.whole_rows};
}

torch::Tensor ParameterAllocator::Make(const WeightDescription& weight) {
  if (!weight.present()) return {};
  NotePart(weight);
  return by_name_[weight.name] = options_.lent != nullptr ? options_.lent->at(weight.name) : Allocate(weight);
}

torch::Tensor ParameterAllocator::Allocate(const WeightDescription& weight) const {
  const torch::Tensor tensor =
      at::empty(weight.shape, at::TensorOptions(options_.dtype).device(options_.device));
  if (options_.deferred) GiveBackMemory(tensor);
  return tensor;
}

std::shared_ptr<PackedWeight> ParameterAllocator::MakePacked() {
  return packed_.emplace_back(std::make_shared<PackedWeight>());
}

std::vector<std::shared_ptr<PackedWeight>> ParameterAllocator::TakePacked() {
  return std::exchange(packed_, {});
}

ops::LinearWeights ParameterAllocator::Make(const LinearDescription& linear) {
  return {Make(linear.weight), Make(linear.bias), MakePacked(), MakeAdapters({linear})};
}

Adapters ParameterAllocator::MakeAdapters(const std::vector<LinearDescription>& parts) {
  Adapters made;
  if (options_.lora == nullptr) return made;
  const auto floats = at::TensorOptions(at::kFloat).device(options_.device);
  int64_t row = 0;
  for (const LinearDescription& part : parts) {
    if (IsTarget(*options_.lora, part.weight.name)) {
      const AdapterDescription adapter = DescribeAdapter(*options_.lora, part.weight);
      const torch::Tensor a = adapters_[adapter.a.name] = at::empty(adapter.a.shape, floats);
      const torch::Tensor b = adapters_[adapter.b.name] = at::empty(adapter.b.shape, floats);
      NotePart(adapter.b);
      made.push_back({a, b, options_.lora->scale(), row});
    }
    row += part.weight.shape[0];
  }
  return made;
}

JoinedLinear ParameterAllocator::Join(const std::vector<LinearDescription>& parts) {
  JoinedLinear joined;
  if (parts.size() == 1) {
    joined.all = Make(parts[0]);
    joined.parts = {joined.all};
    return joined;
  }
  if (!options_.fused) {
    for (const LinearDescription& part : parts) joined.parts.push_back(Make(part));
    return joined;
  }
  std::vector<WeightDescription> weights, biases;
  for (const LinearDescription& part : parts) {
    weights.push_back(part.weight);
    biases.push_back(part.bias);
  }
  std::vector<torch::Tensor> weight_views, bias_views;
  joined.all = {MakeRows(weights, &weight_views), MakeRows(biases, &bias_views), MakePacked(),
                MakeAdapters(parts)};
  for (size_t i = 0; i < parts.size(); ++i) {
    joined.parts.push_back({weight_views[i], bias_views[i], nullptr, {}});
  }
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
  const torch::Tensor whole = at::empty(shape, at::TensorOptions(options_.dtype).device(options_.device));
  int64_t begin = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t rows = parts[i].shape[0];
    NotePart(parts[i]);
    (*views)[i] = by_name_[parts[i].name] = whole.narrow(0, begin, rows);
    begin += rows;
  }
  return whole;
}

void InitializeParameter(const std::string& name, const torch::Tensor& tensor, uint64_t seed, uint64_t stream,
                         double std, double norm) {
  at::NoGradGuard no_grad;
  if (tensor.dim() > 1) {
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream);
    FillNormal(tensor, random, std);
  } else {
    tensor.fill_(absl::EndsWith(name, ".bias") ? 0.0 : norm);
  }
}

void InitializeParameters(const ParametersByName& parameters, uint64_t seed, double std, double norm) {
  uint64_t stream = 0;
  for (const auto& [name, tensor] : parameters) InitializeParameter(name, tensor, seed, stream++, std, norm);
}

void InitializeAdapters(const ParametersByName& adapters, uint64_t seed) {
  at::NoGradGuard no_grad;
  uint64_t stream = 0;
  for (const auto& [name, tensor] : adapters) {
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream++);
    if (absl::EndsWith(name, kPeftEndOfA)) {
      FillUniform(tensor, random, 1.0 / std::sqrt(static_cast<double>(tensor.size(1))));
    } else {
      tensor.zero_();
    }
  }
}

}  // namespace drover::model
