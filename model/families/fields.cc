#include "model/families/fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/rope_config.h"

namespace drover::model {
namespace {

constexpr int64_t kMostWindow = int64_t{1} << 30;
constexpr double kMostCap = 1e6;
constexpr char kSliding[] = "sliding_attention";
constexpr char kFull[] = "full_attention";

// One LayerConfig for each layer, which may then be changed.
void SpellOutLayers(ModelConfig& config) { config.layers.resize(static_cast<size_t>(config.num_layers)); }

absl::Status ReadListedTypes(const JsonFields& fields, const nlohmann::json& types, ModelConfig& config) {
  if (!types.is_array() || static_cast<int64_t>(types.size()) != config.num_layers) {
    return fields.Wrong("layer_types",
                        absl::StrCat("an array with a name for each of the ", config.num_layers, " layers"));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] != kSliding && types[i] != kFull) {
      return fields.Unsupported("layer_types", "\"full_attention\" or \"sliding_attention\" for every layer");
    }
    config.layers[i].window = types[i] == kSliding;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWholeHeads(const JsonFields& fields, const RopeConfig& rope) {
  if (rope.rotated_share == 1.0) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(fields.Path("partial_rotary_factor"), " is ",
                                               rope.rotated_share, ", must be 1 with this model_type"));
}

absl::Status ReadRope(const JsonFields& fields, const Family& family, ModelConfig& config, bool partial) {
  const RopeContext context{family.defaults.rope_theta, config.head_dim, config.max_positions};
  ASSIGN_OR_RETURN(config.rope, ParseRope(fields, context));
  if (!partial) RETURN_IF_ERROR(CheckWholeHeads(fields, config.rope));
  config.max_positions = PositionsReached(config.rope, config.max_positions);
  return absl::OkStatus();
}

absl::Status CheckSilu(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(const std::string activation, fields.String("hidden_act", "silu"));
  if (activation != "silu") return fields.Unsupported("hidden_act", "\"silu\"");
  config.activation = Activation::kSilu;
  return absl::OkStatus();
}

absl::Status ReadAttentionBias(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(config.attention_bias, fields.Bool("attention_bias", false));
  config.attention_output_bias = config.attention_bias;
  return absl::OkStatus();
}

absl::Status ReadFeedForwardBias(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(config.feed_forward_bias, fields.Bool("mlp_bias", false));
  return absl::OkStatus();
}

void WriteAttentionBias(const ModelConfig& config, nlohmann::json& value) {
  value["attention_bias"] = config.attention_bias;
}

absl::StatusOr<bool> ReadWindow(const JsonFields& fields, int64_t absent, ModelConfig& config) {
  const bool written = fields.Contains("sliding_window");
  if (written ? fields.Find("sliding_window") == nullptr : absent == 0) return false;
  ASSIGN_OR_RETURN(config.sliding_window, fields.Int("sliding_window", 1, kMostWindow, absent));
  return true;
}

absl::Status ReadLayerTypes(const JsonFields& fields, bool in_use, absl::FunctionRef<bool(int64_t)> windowed,
                            ModelConfig& config) {
  SpellOutLayers(config);
  if (const nlohmann::json* types = fields.Find("layer_types")) {
    RETURN_IF_ERROR(ReadListedTypes(fields, *types, config));
  } else if (in_use) {
    for (int64_t i = 0; i < config.num_layers; ++i)
      config.layers[static_cast<size_t>(i)].window = windowed(i);
  }
  const bool some = std::any_of(config.layers.begin(), config.layers.end(),
                                [](const LayerConfig& layer) { return layer.window; });
  if (!some) config.sliding_window = 0;
  if (!some || in_use) return absl::OkStatus();
  return fields.Unsupported("layer_types", "\"full_attention\" for every layer without a window in use");
}

void WriteWindow(const ModelConfig& config, nlohmann::json& value) {
  value["sliding_window"] =
      config.sliding_window == 0 ? nlohmann::json(nullptr) : nlohmann::json(config.sliding_window);
  nlohmann::json types = nlohmann::json::array();
  for (int64_t i = 0; i < config.num_layers; ++i) {
    types.push_back(LayerOf(config, i).window ? kSliding : kFull);
  }
  value["layer_types"] = types;
}

absl::StatusOr<double> ReadSoftCap(const JsonFields& fields, const char* name, double absent) {
  if (!fields.Contains(name)) return absent;
  if (fields.Find(name) == nullptr) return 0.0;
  return fields.Positive(name, kMostCap);
}

}  // namespace drover::model
