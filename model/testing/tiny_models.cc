#include "model/testing/tiny_models.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "base/random.h"
#include "model/torch_dtype.h"

namespace drover::model::testing {

ModelConfig TinyConfig(const std::string& model_type) {
  ModelConfig config;
  config.model_type = model_type == "llama3" ? "llama" : model_type;
  config.vocab_size = 37;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = model_type == "qwen3" ? 8 : 6;
  config.max_positions = 96;
  config.tie_word_embeddings = model_type != "llama3";
  config.attention_bias = model_type == "qwen2";
  config.qk_norm = model_type == "qwen3";
  if (model_type == "llama3") config.rope_scaling = Llama3RopeScaling{8.0, 1.0, 4.0, 16};
  config.eos_token_ids = {1};
  return config;
}

std::unique_ptr<Transformer> TinyModel(const ModelConfig& config, const TransformerOptions& options,
                                       uint64_t seed) {
  auto model = Transformer::Create(config, options, seed, /*init_std=*/0.25);
  DROVER_CHECK(model.ok());
  at::NoGradGuard no_grad;
  uint64_t stream = 1000;
  for (const auto& [name, tensor] : (*model)->weights()) {
    if (tensor.dim() > 1) continue;
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream++);
    std::vector<float> values(tensor.numel());
    for (float& value : values) value = static_cast<float>(random.Uniform() + 0.25);
    tensor.detach().copy_(at::tensor(values));
  }
  return std::move(*model);
}

NaiveWeights ToNaive(const Transformer& model) {
  NaiveWeights weights;
  for (const auto& [name, tensor] : model.weights()) {
    const torch::Tensor values = tensor.detach().to(model.options().dtype).to(at::kDouble).cpu().contiguous();
    weights[name].assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
  }
  return weights;
}

}  // namespace drover::model::testing
