#include "model/weight_shapes.h"

#include "absl/strings/str_cat.h"

namespace drover::model {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

void AddLayer(const ModelConfig& config, int64_t index, Shapes& shapes) {
  const std::string prefix = absl::StrCat("model.layers.", index, ".");
  const std::string attention = prefix + "self_attn.";
  const int64_t width = config.hidden_size;
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;

  shapes[prefix + "input_layernorm.weight"] = {width};
  shapes[prefix + "post_attention_layernorm.weight"] = {width};
  shapes[attention + "q_proj.weight"] = {q_rows, width};
  shapes[attention + "k_proj.weight"] = {kv_rows, width};
  shapes[attention + "v_proj.weight"] = {kv_rows, width};
  shapes[attention + "o_proj.weight"] = {width, q_rows};
  if (config.attention_bias) {
    shapes[attention + "q_proj.bias"] = {q_rows};
    shapes[attention + "k_proj.bias"] = {kv_rows};
    shapes[attention + "v_proj.bias"] = {kv_rows};
  }
  if (config.attention_output_bias) shapes[attention + "o_proj.bias"] = {width};
  if (config.qk_norm) {
    shapes[attention + "q_norm.weight"] = {config.head_dim};
    shapes[attention + "k_norm.weight"] = {config.head_dim};
  }
  shapes[prefix + "mlp.gate_proj.weight"] = {config.intermediate_size, width};
  shapes[prefix + "mlp.up_proj.weight"] = {config.intermediate_size, width};
  shapes[prefix + "mlp.down_proj.weight"] = {width, config.intermediate_size};
}

}  // namespace

Shapes WeightShapes(const ModelConfig& config) {
  Shapes shapes;
  shapes["model.embed_tokens.weight"] = {config.vocab_size, config.hidden_size};
  shapes["model.norm.weight"] = {config.hidden_size};
  if (!config.tie_word_embeddings) shapes["lm_head.weight"] = {config.vocab_size, config.hidden_size};
  for (int64_t i = 0; i < config.num_layers; ++i) AddLayer(config, i, shapes);
  return shapes;
}

}  // namespace drover::model
