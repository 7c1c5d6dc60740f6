// Qwen2, 2.5 and 2.5-Math (biases of query, key and value) and Qwen3 (norms of each query and key head).
#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"

namespace drover::model {
namespace {

constexpr int64_t kQwenWindow = 4096;
constexpr int64_t kMaxWindowLayers = 28;
constexpr int64_t kMostLayers = 4096;
constexpr int64_t kQwen3HeadDim = 128;

// A window is in use where use_sliding_window says so, in the layers from max_window_layers on.
absl::Status ReadQwenWindow(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(bool in_use, fields.Bool("use_sliding_window", false));
  if (in_use) {
    ASSIGN_OR_RETURN(in_use, ReadWindow(fields, kQwenWindow, config));
  }
  ASSIGN_OR_RETURN(const int64_t first, fields.Int("max_window_layers", 0, kMostLayers, kMaxWindowLayers));
  return ReadLayerTypes(
      fields, in_use, [&](int64_t layer) { return layer >= first; }, config);
}

void WriteQwenWindow(const ModelConfig& config, nlohmann::json& value) {
  WriteWindow(config, value);
  value["use_sliding_window"] = config.sliding_window > 0;
  value["max_window_layers"] = config.num_layers;
}

absl::Status ReadQwen2(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(CheckSilu(fields, config));
  ASSIGN_OR_RETURN(config.attention_bias, fields.Bool("attention_bias", true));
  if (!config.attention_bias) return fields.Unsupported("attention_bias", "true for qwen2");
  RETURN_IF_ERROR(ReadFeedForwardBias(fields, config));
  if (config.feed_forward_bias) return fields.Unsupported("mlp_bias", "false for qwen2");
  RETURN_IF_ERROR(ReadQwenWindow(fields, config));
  return ReadRope(fields, kQwen2, config);
}

absl::Status ReadQwen3(const JsonFields& fields, ModelConfig& config) {
  config.qk_norm = QueryKeyNorm::kHead;
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  RETURN_IF_ERROR(ReadFeedForwardBias(fields, config));
  if (config.feed_forward_bias) return fields.Unsupported("mlp_bias", "false for qwen3");
  RETURN_IF_ERROR(ReadQwenWindow(fields, config));
  return ReadRope(fields, kQwen3, config);
}

void WriteQwen3(const ModelConfig& config, nlohmann::json& value) {
  WriteAttentionBias(config, value);
  WriteQwenWindow(config, value);
}

}  // namespace

const Family kQwen2 = {"qwen2", "Qwen2ForCausalLM", "Qwen2Model", {}, &ReadQwen2, &WriteQwenWindow};
const Family kQwen3 = {"qwen3",    "Qwen3ForCausalLM", "Qwen3Model", {.head_dim = kQwen3HeadDim},
                       &ReadQwen3, &WriteQwen3};

}  // namespace drover::model
