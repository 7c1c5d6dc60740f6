#include "model/architecture.h"

#include "absl/strings/str_cat.h"

namespace drover::model {
namespace {

LinearDescription Linear(const std::string& name, int64_t rows, int64_t columns, bool bias) {
  LinearDescription linear;
  linear.weight = {name + ".weight", {rows, columns}};
  if (bias) linear.bias = {name + ".bias", {rows}};
  return linear;
}

AttentionDescription DescribeAttention(const ModelConfig& config, const std::string& prefix) {
  const int64_t width = config.hidden_size;
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;
  AttentionDescription attention;
  attention.heads = config.num_heads;
  attention.kv_heads = config.num_kv_heads;
  attention.head_dim = config.head_dim;
  attention.query = Linear(prefix + "q_proj", q_rows, width, config.attention_bias);
  attention.key = Linear(prefix + "k_proj", kv_rows, width, config.attention_bias);
  attention.value = Linear(prefix + "v_proj", kv_rows, width, config.attention_bias);
  attention.output = Linear(prefix + "o_proj", width, q_rows, config.attention_output_bias);
  if (config.qk_norm) {
    attention.query_norm = {prefix + "q_norm.weight", {config.head_dim}};
    attention.key_norm = {prefix + "k_norm.weight", {config.head_dim}};
  }
  return attention;
}

FeedForwardDescription DescribeFeedForward(const ModelConfig& config, const std::string& prefix) {
  const int64_t width = config.hidden_size;
  const int64_t inner = config.intermediate_size;
  return {Linear(prefix + "gate_proj", inner, width, /*bias=*/false),
          Linear(prefix + "up_proj", inner, width, /*bias=*/false),
          Linear(prefix + "down_proj", width, inner, /*bias=*/false)};
}

LayerDescription DescribeLayer(const ModelConfig& config, int64_t index) {
  const std::string prefix = absl::StrCat("model.layers.", index, ".");
  LayerDescription layer;
  layer.attention_norm = {prefix + "input_layernorm.weight", {config.hidden_size}};
  layer.attention = DescribeAttention(config, prefix + "self_attn.");
  layer.feed_forward_norm = {prefix + "post_attention_layernorm.weight", {config.hidden_size}};
  layer.feed_forward = DescribeFeedForward(config, prefix + "mlp.");
  return layer;
}

}  // namespace

// Llama, Mistral, Qwen2 and Qwen3: one architecture with and without some biases and norms.
Architecture DescribeArchitecture(const ModelConfig& config) {
  const std::vector<int64_t> table = {config.vocab_size, config.hidden_size};
  Architecture architecture;
  architecture.embedding = {"model.embed_tokens.weight", table};
  for (int64_t i = 0; i < config.num_layers; ++i) architecture.layers.push_back(DescribeLayer(config, i));
  architecture.final_norm = {"model.norm.weight", {config.hidden_size}};
  if (!config.tie_word_embeddings) architecture.head = {"lm_head.weight", table};
  return architecture;
}

}  // namespace drover::model
