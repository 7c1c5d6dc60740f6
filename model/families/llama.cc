// Llama 2 and 3, DeepSeek-LLM and what was distilled into them, SmolLM2; Mistral, which has a window besides.
#include <algorithm>

#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"

namespace drover::model {
namespace {

constexpr int64_t kMistralWindow = 4096;

absl::Status ReadLlama(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  RETURN_IF_ERROR(ReadFeedForwardBias(fields, config));
  ASSIGN_OR_RETURN(const bool window, fields.Bool("use_sliding_window", false));
  if (window) return fields.Unsupported("use_sliding_window", "false");
  RETURN_IF_ERROR(ReadLayerTypes(
      fields, /*in_use=*/false, [](int64_t) { return false; }, config));
  return ReadRope(fields, kLlama, config);
}

void WriteLlama(const ModelConfig& config, nlohmann::json& value) {
  WriteAttentionBias(config, value);
  value["mlp_bias"] = config.feed_forward_bias;
}

// All layers have the window; layer_types has no say.
absl::Status ReadMistral(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  if (config.attention_bias) return fields.Unsupported("attention_bias", "false for mistral");
  RETURN_IF_ERROR(ReadFeedForwardBias(fields, config));
  if (config.feed_forward_bias) return fields.Unsupported("mlp_bias", "false for mistral");
  ASSIGN_OR_RETURN(const bool window, ReadWindow(fields, kMistralWindow, config));
  config.layers.assign(static_cast<size_t>(config.num_layers), LayerConfig{.window = window});
  return ReadRope(fields, kMistral, config);
}

void WriteMistral(const ModelConfig& config, nlohmann::json& value) {
  WriteWindow(config, value);
  value.erase("layer_types");
}

}  // namespace

const Family kLlama = {"llama", "LlamaForCausalLM", "LlamaModel", {}, &ReadLlama, &WriteLlama};
const Family kMistral = {"mistral", "MistralForCausalLM", "MistralModel", {}, &ReadMistral, &WriteMistral};

}  // namespace drover::model
