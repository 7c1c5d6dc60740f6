#include "model/parameters.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "model/transformer.h"

namespace drover::model {
namespace {

using Shape = std::vector<int64_t>;

// Allocates weights and files them under their names.
class Allocator {
 public:
  Allocator(Parameters* parameters, at::TensorOptions options, bool fused)
      : parameters_(parameters), options_(options), fused_(fused) {}

  torch::Tensor Make(const std::string& name, const Shape& shape) {
    return Name(name, at::empty(shape, options_));
  }

  // One tensor whose rows are those of `parts` one after the other, or (not fused) each part for itself.
  torch::Tensor MakeRows(const std::vector<std::pair<std::string, torch::Tensor*>>& parts,
                         const std::vector<int64_t>& rows, const Shape& rest) {
    torch::Tensor whole;
    if (fused_) {
      int64_t all = 0;
      for (const int64_t r : rows) all += r;
      whole = at::empty(WithRows(all, rest), options_);
    }
    int64_t begin = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      *parts[i].second = Name(parts[i].first, fused_ ? whole.narrow(0, begin, rows[i])
                                                     : at::empty(WithRows(rows[i], rest), options_));
      begin += rows[i];
    }
    return whole;
  }

 private:
  static Shape WithRows(int64_t rows, const Shape& rest) {
    Shape shape = {rows};
    shape.insert(shape.end(), rest.begin(), rest.end());
    return shape;
  }
  torch::Tensor Name(const std::string& name, torch::Tensor tensor) {
    parameters_->by_name[name] = tensor;
    return tensor;
  }

  Parameters* parameters_;
  at::TensorOptions options_;
  bool fused_;
};

LayerWeights MakeLayer(const ModelConfig& config, int64_t index, Allocator& allocator) {
  const std::string prefix = absl::StrCat("model.layers.", index, ".");
  const std::string attention = prefix + "self_attn.";
  const int64_t width = config.hidden_size;
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;

  LayerWeights layer;
  layer.attention_norm = allocator.Make(prefix + "input_layernorm.weight", {width});
  layer.mlp_norm = allocator.Make(prefix + "post_attention_layernorm.weight", {width});
  layer.qkv.weight = allocator.MakeRows({{attention + "q_proj.weight", &layer.q.weight},
                                         {attention + "k_proj.weight", &layer.k.weight},
                                         {attention + "v_proj.weight", &layer.v.weight}},
                                        {q_rows, kv_rows, kv_rows}, {width});
  if (config.attention_bias) {
    layer.qkv.bias = allocator.MakeRows({{attention + "q_proj.bias", &layer.q.bias},
                                         {attention + "k_proj.bias", &layer.k.bias},
                                         {attention + "v_proj.bias", &layer.v.bias}},
                                        {q_rows, kv_rows, kv_rows}, {});
  }
  layer.output.weight = allocator.Make(attention + "o_proj.weight", {width, q_rows});
  if (config.attention_output_bias) layer.output.bias = allocator.Make(attention + "o_proj.bias", {width});
  if (config.qk_norm) {
    layer.q_norm = allocator.Make(attention + "q_norm.weight", {config.head_dim});
    layer.k_norm = allocator.Make(attention + "k_norm.weight", {config.head_dim});
  }
  layer.gate_up = allocator.MakeRows(
      {{prefix + "mlp.gate_proj.weight", &layer.gate}, {prefix + "mlp.up_proj.weight", &layer.up}},
      {config.intermediate_size, config.intermediate_size}, {width});
  layer.down = allocator.Make(prefix + "mlp.down_proj.weight", {width, config.intermediate_size});
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
  Allocator allocator(&parameters, at::TensorOptions(dtype).device(device), fused);
  parameters.embedding = allocator.Make("model.embed_tokens.weight", {config.vocab_size, config.hidden_size});
  parameters.final_norm = allocator.Make("model.norm.weight", {config.hidden_size});
  parameters.head = config.tie_word_embeddings
                        ? parameters.embedding
                        : allocator.Make("lm_head.weight", {config.vocab_size, config.hidden_size});
  for (int64_t i = 0; i < config.num_layers; ++i)
    parameters.layers.push_back(MakeLayer(config, i, allocator));
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

std::map<std::string, std::vector<int64_t>> WeightShapes(const ModelConfig& config) {
  // Meta tensors have shapes and no memory.
  const Parameters shapes = AllocateParameters(config, at::kFloat, at::kMeta, /*fused=*/false);
  std::map<std::string, std::vector<int64_t>> result;
  for (const auto& [name, tensor] : shapes.by_name) result[name] = tensor.sizes().vec();
  return result;
}

}  // namespace drover::model
