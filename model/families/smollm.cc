// SmolLM3: Llama with layers whose attention does not look at positions.
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"

namespace drover::model {
namespace {

constexpr int64_t kNoRopeInterval = 4;
constexpr int64_t kLongestInterval = 4096;

// no_rope_layers has a 1 for a layer that is rotated; without it every no_rope_layer_interval-th is not.
absl::Status ReadRotatedLayers(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(const int64_t interval,
                   fields.Int("no_rope_layer_interval", 1, kLongestInterval, kNoRopeInterval));
  const nlohmann::json* rotated = fields.Find("no_rope_layers");
  const std::string rule =
      absl::StrCat("an array with 0 or 1 for each of the ", config.num_layers, " layers");
  if (rotated != nullptr &&
      (!rotated->is_array() || static_cast<int64_t>(rotated->size()) != config.num_layers)) {
    return fields.Wrong("no_rope_layers", rule);
  }
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const size_t layer = static_cast<size_t>(i);
    config.layers[layer].rope = (i + 1) % interval != 0;
    if (rotated == nullptr) continue;
    const nlohmann::json& entry = (*rotated)[layer];
    if (entry != 0 && entry != 1) return fields.Wrong("no_rope_layers", rule);
    config.layers[layer].rope = entry == 1;
  }
  return absl::OkStatus();
}

// A window, where one is in use, is of the layers without rotation.
absl::Status ReadSmolLm3(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  RETURN_IF_ERROR(ReadFeedForwardBias(fields, config));
  config.layers.resize(static_cast<size_t>(config.num_layers));
  RETURN_IF_ERROR(ReadRotatedLayers(fields, config));
  ASSIGN_OR_RETURN(bool in_use, fields.Bool("use_sliding_window", false));
  if (in_use) {
    ASSIGN_OR_RETURN(in_use, ReadWindow(fields, /*absent=*/0, config));
  }
  const auto windowed = [&](int64_t layer) { return !LayerOf(config, layer).rope; };
  RETURN_IF_ERROR(ReadLayerTypes(fields, in_use, windowed, config));
  return ReadRope(fields, kSmolLm3, config);
}

void WriteSmolLm3(const ModelConfig& config, nlohmann::json& value) {
  WriteAttentionBias(config, value);
  value["mlp_bias"] = config.feed_forward_bias;
  WriteWindow(config, value);
  value["use_sliding_window"] = config.sliding_window > 0;
  nlohmann::json rotated = nlohmann::json::array();
  for (int64_t i = 0; i < config.num_layers; ++i) rotated.push_back(LayerOf(config, i).rope ? 1 : 0);
  value["no_rope_layers"] = rotated;
}

}  // namespace

const Family kSmolLm3 = {"smollm3",      "SmolLM3ForCausalLM",
                         "SmolLM3Model", {.rope_theta = 2e6, .tie_word_embeddings = true},
                         &ReadSmolLm3,   &WriteSmolLm3};

}  // namespace drover::model
