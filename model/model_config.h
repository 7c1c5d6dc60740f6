// Which transformer a model is: what architecture.h is described from and config.h reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/dtype.h"
#include "model/op_settings.h"
#include "model/rope_scaling.h"

namespace drover::model {

// Where a layer's RMSNorms stand, for each of its two blocks.
enum class NormPlacement {
  kBefore,  // x + block(norm(x))
  kAfter,   // x + norm(block(x))
  kAround,  // x + norm(block(norm(x)))
};

// RMSNorms of queries and keys before the rotation.
enum class QueryKeyNorm {
  kNone,
  kHead,   // over each head
  kWhole,  // over all heads together
};

// What differs between the layers of one model.
struct LayerConfig {
  bool window = false;  // attention reads no further back than the sliding window
  bool rope = true;     // positions are rotary; false: not looked at

  bool operator==(const LayerConfig&) const = default;
};

// A decoder with RMSNorms, grouped queries and a gated feed-forward block. The defaults are Llama's.
struct ModelConfig {
  std::string model_type = "llama";  // one of families/family.h
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  // divides num_heads
  int64_t head_dim = 0;      // even; need not be hidden_size / num_heads
  // Tokens of a sequence at most: max_position_embeddings, as its rope reaches (PositionsReached).
  int64_t max_positions = 0;

  std::vector<LayerConfig> layers;  // one for each layer; empty: all are LayerConfig()
  int64_t sliding_window = 0;       // tokens, itself included; of the layers with a window
  RopeConfig rope;                  // rotary positions (the two halves of a head rotated against each other)
  std::optional<RopeConfig> window_rope;  // of the layers with a window, where they have another

  double rms_norm_eps = 1e-6;
  double norm_offset = 0.0;  // a norm's stored weight w counts as offset + w (Gemma: 1)
  NormPlacement norms = NormPlacement::kBefore;
  QueryKeyNorm qk_norm = QueryKeyNorm::kNone;
  Activation activation = Activation::kSilu;
  double embedding_scale = 1.0;  // embeddings are multiplied by it
  double query_scale = 0.0;      // products of query and key are divided by its square root; 0: by head_dim's
  double attention_soft_cap = 0.0;  // op_settings.h; 0: none
  double logit_soft_cap = 0.0;      // c: a logit s counts as c tanh(s / c); 0: none

  bool joined_projections = false;  // q, k and v are one matrix in the files, and so are gate and up (Phi-3)
  bool attention_bias = false;      // q_proj, k_proj and v_proj have biases
  bool attention_output_bias = false;  // o_proj has one
  bool feed_forward_bias = false;      // gate_proj, up_proj and down_proj have biases
  bool tie_word_embeddings = false;    // lm_head.weight is model.embed_tokens.weight, stored once
  double initializer_range = 0.02;     // standard deviation of fresh weights
  Dtype dtype = Dtype::kF32;           // of the stored weights: F32, BF16 or F16

  std::optional<int64_t> bos_token_id;
  std::optional<int64_t> pad_token_id;
  std::vector<int64_t> eos_token_ids;  // any of them ends a response; sorted, no duplicates, may be empty
};

inline LayerConfig LayerOf(const ModelConfig& config, int64_t layer) {
  return config.layers.empty() ? LayerConfig() : config.layers[static_cast<size_t>(layer)];
}

}  // namespace drover::model
