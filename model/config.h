// config.json of a Hugging Face directory: which transformer it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/dtype.h"
#include "model/rope_scaling.h"

namespace drover::model {

// A decoder of the Llama family: RMSNorm before attention and MLP, rotary positions (the two halves of a head
// rotated against each other), grouped queries, SwiGLU.
struct ModelConfig {
  std::string model_type = "llama";  // llama, mistral, qwen2, qwen3
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  // divides num_heads
  int64_t head_dim = 0;      // even; need not be hidden_size / num_heads
  // Tokens of a sequence at most: max_position_embeddings, or a sliding window that is shorter (a sequence that fits
  // into the window attends to all of itself).
  int64_t max_positions = 0;
  std::optional<int64_t> sliding_window;  // where some layer has one that is no longer than the context
  double rms_norm_eps = 1e-6;
  double rope_theta = 10000.0;
  std::optional<Llama3RopeScaling> rope_scaling;
  bool tie_word_embeddings = false;    // lm_head.weight is model.embed_tokens.weight, stored once
  bool attention_bias = false;         // q_proj, k_proj and v_proj have biases
  bool attention_output_bias = false;  // o_proj has one (Llama and Qwen3 with attention_bias; never Qwen2)
  bool qk_norm = false;                // RMSNorm over each head of q and k before the rotation (Qwen3)
  double initializer_range = 0.02;     // standard deviation of fresh weights
  Dtype dtype = Dtype::kF32;           // of the stored weights: F32, BF16 or F16
  std::optional<int64_t> bos_token_id;
  std::optional<int64_t> pad_token_id;
  std::vector<int64_t> eos_token_ids;  // any of them ends a response; sorted, no duplicates, may be empty
};

// What was passed over in a model's files and its owner should hear of, a sentence each.
using ModelNotes = std::vector<std::string>;

// Reads both forms of config.json: the newer (rope_parameters, dtype) and the one most published models have
// (rope_theta, rope_scaling, torch_dtype). INVALID_ARGUMENT names the field, what it holds and what it may
// be; UNIMPLEMENTED for a model that this transformer is not (another architecture, activation or rope type,
// biases in the MLP). Special ids past the vocabulary are left out with a note. `notes` may be null.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, ModelNotes* notes = nullptr);

// The same; the end-of-sequence ids are those of the second text where it has any, as Hugging Face generates.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, std::string_view generation_config_json,
                                             ModelNotes* notes = nullptr);

// ParseModelConfig of dir/config.json and, where it exists, dir/generation_config.json (instruct models list the
// end-of-turn token only there).
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& dir, ModelNotes* notes = nullptr);

// The fields in range and consistent with each other; what the parser checks, for configurations made by
// hand.
absl::Status ValidateModelConfig(const ModelConfig& config);

// config.json in the older form, which every version of transformers reads. ParseModelConfig reads it back.
std::string ModelConfigJson(const ModelConfig& config);
// `source`, the config.json that `config` was read from, with what may since differ: the dtype and whether the head is
// tied. Its other fields stay as they were. ModelConfigJson where `source` is no JSON object.
std::string UpdatedConfigJson(std::string_view source, const ModelConfig& config);
// generation_config.json with the bos, eos and pad ids.
std::string GenerationConfigJson(const ModelConfig& config);

}  // namespace drover::model
