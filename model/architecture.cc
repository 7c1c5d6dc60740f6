#include "model/architecture.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace drover::model {
namespace {

LinearDescription Linear(const std::string& name, int64_t rows, int64_t columns, bool bias) {
  LinearDescription linear;
  linear.weight = {name + ".weight", {rows, columns}};
  if (bias) linear.bias = {name + ".bias", {rows}};
  return linear;
}

AttentionSettings DescribeSettings(const ModelConfig& config, int64_t layer) {
  const double divisor = config.query_scale > 0.0 ? config.query_scale : static_cast<double>(config.head_dim);
  return {.scale = 1.0 / std::sqrt(divisor),
          .soft_cap = config.attention_soft_cap,
          .window = LayerOf(config, layer).window ? config.sliding_window : 0};
}

// Architecture::ropes: the model's, and that of layers with a window where they have another.
std::optional<size_t> RopeOf(const ModelConfig& config, int64_t layer) {
  const LayerConfig& kind = LayerOf(config, layer);
  if (!kind.rope) return std::nullopt;
  return kind.window && config.window_rope ? 1 : 0;
}

AttentionDescription DescribeAttention(const ModelConfig& config, int64_t layer, const std::string& prefix) {
  const int64_t width = config.hidden_size;
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;
  AttentionDescription attention;
  attention.heads = config.num_heads;
  attention.kv_heads = config.num_kv_heads;
  attention.head_dim = config.head_dim;
  attention.settings = DescribeSettings(config, layer);
  attention.rope = RopeOf(config, layer);
  if (config.joined_projections) {
    attention.projections = {Linear(prefix + "qkv_proj", q_rows + 2 * kv_rows, width, config.attention_bias)};
  } else {
    attention.projections = {Linear(prefix + "q_proj", q_rows, width, config.attention_bias),
                             Linear(prefix + "k_proj", kv_rows, width, config.attention_bias),
                             Linear(prefix + "v_proj", kv_rows, width, config.attention_bias)};
  }
  attention.output = Linear(prefix + "o_proj", width, q_rows, config.attention_output_bias);
  if (config.qk_norm != QueryKeyNorm::kNone) {
    const bool whole = config.qk_norm == QueryKeyNorm::kWhole;
    attention.query_norm = {prefix + "q_norm.weight", {whole ? q_rows : config.head_dim}};
    attention.key_norm = {prefix + "k_norm.weight", {whole ? kv_rows : config.head_dim}};
  }
  return attention;
}

FeedForwardDescription DescribeFeedForward(const ModelConfig& config, const std::string& prefix) {
  const int64_t width = config.hidden_size;
  const int64_t inner = config.intermediate_size;
  const bool bias = config.feed_forward_bias;
  FeedForwardDescription feed_forward;
  feed_forward.activation = config.activation;
  if (config.joined_projections) {
    feed_forward.gate_up = {Linear(prefix + "gate_up_proj", 2 * inner, width, bias)};
  } else {
    feed_forward.gate_up = {Linear(prefix + "gate_proj", inner, width, bias),
                            Linear(prefix + "up_proj", inner, width, bias)};
  }
  feed_forward.down = Linear(prefix + "down_proj", width, inner, bias);
  return feed_forward;
}

// Hugging Face's names of a layer's norms say where they stand among those that the family has: post_attention_layernorm
// is before the feed-forward block in Llama and after attention in models with norms after blocks.
void DescribeNorms(const ModelConfig& config, const std::string& prefix, LayerDescription& layer) {
  const auto norm = [&](const char* name) {
    return WeightDescription{prefix + name + ".weight", {config.hidden_size}};
  };
  if (config.norms != NormPlacement::kAfter) layer.attention_norm = norm("input_layernorm");
  if (config.norms == NormPlacement::kBefore) {
    layer.feed_forward_norm = norm("post_attention_layernorm");
    return;
  }
  layer.attention_output_norm = norm("post_attention_layernorm");
  if (config.norms == NormPlacement::kAround) layer.feed_forward_norm = norm("pre_feedforward_layernorm");
  layer.feed_forward_output_norm = norm("post_feedforward_layernorm");
}

LayerDescription DescribeLayer(const ModelConfig& config, int64_t index) {
  const std::string prefix = absl::StrCat("model.layers.", index, ".");
  LayerDescription layer;
  DescribeNorms(config, prefix, layer);
  layer.attention = DescribeAttention(config, index, prefix + "self_attn.");
  layer.feed_forward = DescribeFeedForward(config, prefix + "mlp.");
  return layer;
}

}  // namespace

Architecture DescribeArchitecture(const ModelConfig& config) {
  const std::vector<int64_t> table = {config.vocab_size, config.hidden_size};
  Architecture architecture;
  architecture.norms = {.eps = config.rms_norm_eps, .offset = config.norm_offset};
  architecture.embedding = {"model.embed_tokens.weight", table};
  architecture.embedding_scale = config.embedding_scale;
  architecture.ropes.push_back(DescribeRope(config.rope, config.head_dim));
  if (config.window_rope) architecture.ropes.push_back(DescribeRope(*config.window_rope, config.head_dim));
  for (int64_t i = 0; i < config.num_layers; ++i) architecture.layers.push_back(DescribeLayer(config, i));
  architecture.final_norm = {"model.norm.weight", {config.hidden_size}};
  if (!config.tie_word_embeddings) architecture.head = {"lm_head.weight", table};
  architecture.logit_soft_cap = config.logit_soft_cap;
  return architecture;
}

}  // namespace drover::model
