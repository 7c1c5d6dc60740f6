#include "model/testing/shapes.h"

#include <cmath>

namespace drover::model::testing {
namespace {

struct Sizes {
  int64_t vocabulary, width, inner, layers, heads, kv_heads, head_dim, positions;
};

ModelConfig Llama(const Sizes& sizes) {
  ModelConfig config;
  config.vocab_size = sizes.vocabulary;
  config.hidden_size = sizes.width;
  config.intermediate_size = sizes.inner;
  config.num_layers = sizes.layers;
  config.num_heads = sizes.heads;
  config.num_kv_heads = sizes.kv_heads;
  config.head_dim = sizes.head_dim;
  config.max_positions = sizes.positions;
  config.tie_word_embeddings = true;
  config.eos_token_ids = {1};
  return config;
}

// Windows of 5 tokens in the layers whose number is odd, or even, or both.
void SetWindows(ModelConfig& config, bool odd, bool even) {
  config.sliding_window = 5;
  config.layers.resize(static_cast<size_t>(config.num_layers));
  for (size_t i = 0; i < config.layers.size(); ++i) config.layers[i].window = i % 2 == 0 ? even : odd;
}

void MakeGemma(ModelConfig& config) {
  config.norm_offset = 1.0;
  config.norms = NormPlacement::kAround;
  config.activation = Activation::kGeluTanh;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden_size));
  config.query_scale = 10.0;
  SetWindows(config, /*odd=*/false, /*even=*/true);
}

// What is particular to a family, into Llama's `config`.
void MakeFamily(const std::string& model_type, ModelConfig& config) {
  config.model_type = model_type;
  if (model_type == "mistral") SetWindows(config, /*odd=*/true, /*even=*/true);
  if (model_type == "qwen2") config.attention_bias = true;
  if (model_type == "qwen3" || model_type == "gemma3_text") config.qk_norm = QueryKeyNorm::kHead;
  if (model_type == "gemma2") {
    MakeGemma(config);
    config.attention_soft_cap = 2.0;
    config.logit_soft_cap = 3.0;
  } else if (model_type == "gemma3_text") {
    MakeGemma(config);
    config.rope.scaling = LinearRopeScaling{2.0};
    config.window_rope = RopeConfig{.theta = 100.0};
  } else if (model_type == "phi3") {
    config.joined_projections = true;
    config.rope.rotated_share = 2.0 / 3.0;
    config.rope.scaling = LongRopeScaling{{1.0, 1.5}, {2.0, 3.0}, config.max_positions, 1.125};
    SetWindows(config, /*odd=*/true, /*even=*/true);
  } else if (model_type == "olmo2") {
    config.norms = NormPlacement::kAfter;
    config.qk_norm = QueryKeyNorm::kWhole;
  } else if (model_type == "smollm3") {
    config.layers = {{.rope = true}, {.rope = false}};
    config.feed_forward_bias = true;
  }
}

void ScaleRope(const std::string& type, ModelConfig& config) {
  if (type == "llama3") config.rope.scaling = Llama3RopeScaling{8.0, 1.0, 4.0, 16};
  if (type == "linear") config.rope.scaling = LinearRopeScaling{2.5};
  if (type == "yarn") {
    config.rope.scaling = YarnRopeScaling{
        .factor = 4.0, .original_max_positions = 24, .beta_fast = 4.0, .attention_factor = 1.1};
  }
}

}  // namespace

ModelConfig SmallConfig() {
  return Llama({.vocabulary = 32,
                .width = 8,
                .inner = 16,
                .layers = 1,
                .heads = 2,
                .kv_heads = 2,
                .head_dim = 4,
                .positions = 64});
}

ModelConfig TinyConfig(const std::string& model_type) {
  ModelConfig config = Llama({.vocabulary = 37,
                              .width = 24,
                              .inner = 40,
                              .layers = 2,
                              .heads = 4,
                              .kv_heads = 2,
                              .head_dim = model_type == "qwen3" ? 8 : 6,
                              .positions = 96});
  config.tie_word_embeddings = model_type != "llama3";
  if (model_type == "llama3" || model_type == "linear" || model_type == "yarn") {
    ScaleRope(model_type, config);
  } else {
    MakeFamily(model_type, config);
  }
  return config;
}

ModelConfig TrainingConfig() {
  return Llama({.vocabulary = 23,
                .width = 16,
                .inner = 24,
                .layers = 2,
                .heads = 4,
                .kv_heads = 2,
                .head_dim = 4,
                .positions = 64});
}

}  // namespace drover::model::testing
