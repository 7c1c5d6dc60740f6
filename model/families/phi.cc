// Phi-3 and Phi-4: Llama with the projections of attention, and gate and up, joined in the files.
#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"

namespace drover::model {
namespace {

constexpr double kMostStretched = 1 << 30;

absl::Status ReadPhi3(const JsonFields& fields, ModelConfig& config) {
  config.joined_projections = true;
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  if (config.attention_bias) return fields.Unsupported("attention_bias", "false for phi3");
  ASSIGN_OR_RETURN(const bool window, ReadWindow(fields, /*absent=*/0, config));
  config.layers.assign(static_cast<size_t>(config.num_layers), LayerConfig{.window = window});
  return ReadRope(fields, kPhi3, config, /*partial=*/true);
}

// transformers 4 takes a dictionary of these three fields alone, and makes the attention factor of the two contexts. Where
// it would make another of them the dictionary stays as it is.
void WriteLongRope(const LongRopeScaling& longrope, int64_t max_positions, nlohmann::json& value) {
  value["original_max_position_embeddings"] = longrope.original_max_positions;
  if (max_positions != longrope.original_max_positions) return;
  const double original = static_cast<double>(longrope.original_max_positions);
  const double power = longrope.attention_factor * longrope.attention_factor;
  const int64_t stretched = std::llround(std::min(std::pow(original, power), kMostStretched));
  const double factor = static_cast<double>(stretched) / original;
  const double rule = factor <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(factor) / std::log(original));
  if (rule != longrope.attention_factor) return;
  value["max_position_embeddings"] = stretched;
  value["rope_scaling"] = {
      {"type", "longrope"}, {"short_factor", longrope.short_factors}, {"long_factor", longrope.long_factors}};
}

void WritePhi3(const ModelConfig& config, nlohmann::json& value) {
  WriteWindow(config, value);
  value.erase("layer_types");
  value["partial_rotary_factor"] = config.rope.rotated_share;
  if (const auto* longrope = std::get_if<LongRopeScaling>(&config.rope.scaling)) {
    WriteLongRope(*longrope, config.max_positions, value);
  }
}

}  // namespace

const Family kPhi3 = {"phi3", "Phi3ForCausalLM", "Phi3Model", {.rms_norm_eps = 1e-5}, &ReadPhi3, &WritePhi3};

}  // namespace drover::model
