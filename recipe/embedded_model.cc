#include "recipe/embedded_model.h"

namespace drover::recipe {
namespace {

constexpr int64_t kPadId = 0, kEosId = 1, kSpecialTokens = 2;  // as CharacterTokenizerJson numbers them

}  // namespace

model::ModelConfig EmbeddedConfig(const v1::EmbeddedModel& shape) {
  model::ModelConfig config;
  config.vocab_size = static_cast<int64_t>(shape.alphabet().size()) + kSpecialTokens;
  config.hidden_size = shape.hidden_size();
  config.intermediate_size = shape.intermediate_size();
  config.num_layers = shape.layers();
  config.num_heads = shape.heads();
  config.num_kv_heads = shape.kv_heads();
  config.head_dim = config.hidden_size / config.num_heads;
  config.max_positions = shape.max_positions();
  config.rope.theta = shape.rope_theta();
  config.tie_word_embeddings = true;
  config.initializer_range = shape.init_std();
  config.pad_token_id = kPadId;
  config.eos_token_ids = {kEosId};
  return config;
}

}  // namespace drover::recipe
