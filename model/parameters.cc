#include "model/parameters.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using Shape = std::vector<int64_t>;

// Allocates the weights of a configuration and files them under their names.
class Allocator {
 public:
  Allocator(const ModelConfig& config, Parameters* parameters, at::TensorOptions options, bool fused)
      : shapes_(WeightShapes(config)), parameters_(parameters), options_(options), fused_(fused) {}

  bool Has(const std::string& name) const { return shapes_.count(name) > 0; }

  torch::Tensor Make(const std::string& name) { return Name(name, at::empty(shapes_.at(name), options_)); }

  // Sets those of `targets` that there are.
  void Make(const std::vector<std::pair<std::string, torch::Tensor*>>& targets) {
    for (const auto& [name, target] : targets) {
      if (Has(name)) *target = Make(name);
    }
  }

  // One tensor whose rows are those of `parts` one after the other, or (not fused) each part for itself.
  torch::Tensor MakeRows(const std::vector<std::pair<std::string, torch::Tensor*>>& parts) {
    if (!fused_) {
      Make(parts);
      return torch::Tensor();
    }
    Shape all = shapes_.at(parts[0].first);
    all[0] = 0;
    for (const auto& [name, part] : parts) all[0] += shapes_.at(name)[0];
    const torch::Tensor whole = at::empty(all, options_);
    int64_t begin = 0;
    for (const auto& [name, part] : parts) {
      const int64_t rows = shapes_.at(name)[0];
      *part = Name(name, whole.narrow(0, begin, rows));
      begin += rows;
    }
    return whole;
  }

 private:
  torch::Tensor Name(const std::string& name, torch::Tensor tensor) {
    parameters_->by_name[name] = tensor;
    return tensor;
  }

  const std::map<std::string, Shape> shapes_;
  Parameters* parameters_;
  at::TensorOptions options_;
  bool fused_;
};

LayerWeights MakeLayer(int64_t index, Allocator& allocator) {
  const std::string prefix = absl::StrCat("model.layers.", index, ".");
  const std::string attention = prefix + "self_attn.";
  LayerWeights layer;
  layer.qkv.weight = allocator.MakeRows({{attention + "q_proj.weight", &layer.q.weight},
                                         {attention + "k_proj.weight", &layer.k.weight},
                                         {attention + "v_proj.weight", &layer.v.weight}});
  if (allocator.Has(attention + "q_proj.bias")) {
    layer.qkv.bias = allocator.MakeRows({{attention + "q_proj.bias", &layer.q.bias},
                                         {attention + "k_proj.bias", &layer.k.bias},
                                         {attention + "v_proj.bias", &layer.v.bias}});
  }
  layer.gate_up = allocator.MakeRows(
      {{prefix + "mlp.gate_proj.weight", &layer.gate}, {prefix + "mlp.up_proj.weight", &layer.up}});
  allocator.Make({{prefix + "input_layernorm.weight", &layer.attention_norm},
                  {prefix + "post_attention_layernorm.weight", &layer.mlp_norm},
                  {attention + "o_proj.weight", &layer.output.weight},
                  {attention + "o_proj.bias", &layer.output.bias},
                  {attention + "q_norm.weight", &layer.q_norm},
                  {attention + "k_norm.weight", &layer.k_norm},
                  {prefix + "mlp.down_proj.weight", &layer.down}});
  return layer;
}

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

Parameters AllocateParameters(const ModelConfig& config, torch::ScalarType dtype, torch::Device device,
                              bool fused) {
  Parameters parameters;
  Allocator allocator(config, &parameters, at::TensorOptions(dtype).device(device), fused);
  parameters.embedding = allocator.Make("model.embed_tokens.weight");
  parameters.final_norm = allocator.Make("model.norm.weight");
  parameters.head = config.tie_word_embeddings ? parameters.embedding : allocator.Make("lm_head.weight");
  for (int64_t i = 0; i < config.num_layers; ++i) parameters.layers.push_back(MakeLayer(i, allocator));
  return parameters;
}

void InitializeParameters(const Parameters& parameters, uint64_t seed, double std) {
  at::NoGradGuard no_grad;
  uint64_t stream = 0;
  for (const auto& [name, tensor] : parameters.by_name) {
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream++);
    if (tensor.dim() > 1) {
      FillNormal(tensor, random, std);
    } else {
      tensor.fill_(absl::EndsWith(name, ".bias") ? 0.0 : 1.0);
    }
  }
}

}  // namespace drover::model
