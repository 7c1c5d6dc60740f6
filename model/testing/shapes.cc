#include "model/testing/shapes.h"

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
  config.model_type = model_type == "llama3" ? "llama" : model_type;
  config.tie_word_embeddings = model_type != "llama3";
  config.attention_bias = model_type == "qwen2";
  config.qk_norm = model_type == "qwen3";
  if (model_type == "llama3") config.rope_scaling = Llama3RopeScaling{8.0, 1.0, 4.0, 16};
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
