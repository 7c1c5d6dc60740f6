// Gemma 2 and Gemma 3 (text): norms 1 + w around both blocks, gelu, scaled embeddings, layers with a window among
// others; Gemma 2 with soft caps, Gemma 3 with norms of queries and keys and another rope in the layers with a window.
#include <cmath>

#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"
#include "model/rope_config.h"

namespace drover::model {
namespace {

constexpr int64_t kGemmaHeadDim = 256;
constexpr int64_t kGemmaWindow = 4096;
constexpr double kGemmaQueryScale = 256.0;
constexpr double kGemma2AttentionCap = 50.0, kGemma2LogitCap = 30.0;
constexpr int64_t kGemma3Pattern = 6;
constexpr double kGemma3Theta = 1e6, kGemma3WindowTheta = 1e4;
constexpr double kMostScale = 1e6, kMostLocalTheta = 1e12;
constexpr int64_t kLongestPattern = 4096;

absl::Status ReadGemma(const JsonFields& fields, ModelConfig& config) {
  config.norm_offset = 1.0;
  config.norms = NormPlacement::kAround;
  config.activation = Activation::kGeluTanh;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden_size));
  ASSIGN_OR_RETURN(const std::string activation, fields.String("hidden_activation", "gelu_pytorch_tanh"));
  if (activation != "gelu_pytorch_tanh") {
    return fields.Unsupported("hidden_activation", "\"gelu_pytorch_tanh\"");
  }
  ASSIGN_OR_RETURN(const bool both_ways, fields.Bool("use_bidirectional_attention", false));
  if (both_ways) return fields.Unsupported("use_bidirectional_attention", "false");
  ASSIGN_OR_RETURN(config.query_scale,
                   fields.Positive("query_pre_attn_scalar", kMostScale, kGemmaQueryScale));
  return ReadAttentionBias(fields, config);
}

// Every `pattern`-th layer has no window.
absl::Status ReadGemmaWindow(const JsonFields& fields, int64_t pattern, ModelConfig& config) {
  ASSIGN_OR_RETURN(const bool in_use, ReadWindow(fields, kGemmaWindow, config));
  return ReadLayerTypes(
      fields, in_use, [&](int64_t layer) { return (layer + 1) % pattern != 0; }, config);
}

absl::Status ReadGemmaCaps(const JsonFields& fields, double attention, double logits, ModelConfig& config) {
  ASSIGN_OR_RETURN(config.attention_soft_cap, ReadSoftCap(fields, "attn_logit_softcapping", attention));
  ASSIGN_OR_RETURN(config.logit_soft_cap, ReadSoftCap(fields, "final_logit_softcapping", logits));
  return absl::OkStatus();
}

absl::Status ReadGemma2(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(ReadGemma(fields, config));
  RETURN_IF_ERROR(ReadGemmaCaps(fields, kGemma2AttentionCap, kGemma2LogitCap, config));
  RETURN_IF_ERROR(ReadGemmaWindow(fields, /*pattern=*/2, config));
  return ReadRope(fields, kGemma2, config);
}

// The newer form: a dictionary for each kind of layer in rope_parameters.
absl::Status ReadRopesByLayer(const JsonFields& fields, const JsonFields& ropes, RopeContext global,
                              RopeContext local, ModelConfig& config) {
  RETURN_IF_ERROR(ropes.CheckOnly({"full_attention", "sliding_attention"}, "absent"));
  config.rope.theta = global.theta;
  config.window_rope->theta = local.theta;
  if (ropes.Find("full_attention") != nullptr) {
    ASSIGN_OR_RETURN(const JsonFields rope, ropes.Object("full_attention"));
    ASSIGN_OR_RETURN(config.rope, ParseRopeDictionary(fields, rope, global));
  }
  if (ropes.Find("sliding_attention") != nullptr) {
    ASSIGN_OR_RETURN(const JsonFields rope, ropes.Object("sliding_attention"));
    ASSIGN_OR_RETURN(config.window_rope, ParseRopeDictionary(fields, rope, local));
  }
  return absl::OkStatus();
}

absl::Status ReadGemma3Ropes(const JsonFields& fields, ModelConfig& config) {
  RopeContext global{kGemma3Theta, config.head_dim, config.max_positions}, local = global;
  ASSIGN_OR_RETURN(local.theta, fields.Positive("rope_local_base_freq", kMostLocalTheta, kGemma3WindowTheta));
  config.window_rope.emplace();
  if (fields.Find("rope_parameters") != nullptr) {
    ASSIGN_OR_RETURN(const JsonFields ropes, fields.Object("rope_parameters"));
    if (ropes.Contains("full_attention") || ropes.Contains("sliding_attention")) {
      ASSIGN_OR_RETURN(global.theta, fields.Positive("rope_theta", kMostLocalTheta, kGemma3Theta));
      return ReadRopesByLayer(fields, ropes, global, local, config);
    }
  }
  ASSIGN_OR_RETURN(config.rope, ParseRope(fields, global));
  config.window_rope->theta = local.theta;
  return absl::OkStatus();
}

// The window's rope is not scaled. A linear factor is that of a context which max_position_embeddings has already.
absl::Status CheckGemma3Ropes(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(CheckWholeHeads(fields, config.rope));
  RETURN_IF_ERROR(CheckWholeHeads(fields, *config.window_rope));
  if (!std::holds_alternative<std::monostate>(config.window_rope->scaling)) {
    return fields.Unsupported("rope_parameters", "of the rope type \"default\" for sliding_attention");
  }
  if (!std::holds_alternative<LinearRopeScaling>(config.rope.scaling)) {
    config.max_positions = PositionsReached(config.rope, config.max_positions);
  }
  return absl::OkStatus();
}

absl::Status ReadGemma3(const JsonFields& fields, ModelConfig& config) {
  RETURN_IF_ERROR(ReadGemma(fields, config));
  config.qk_norm = QueryKeyNorm::kHead;
  RETURN_IF_ERROR(ReadGemmaCaps(fields, /*attention=*/0.0, /*logits=*/0.0, config));
  ASSIGN_OR_RETURN(const int64_t pattern,
                   fields.Int("sliding_window_pattern", 1, kLongestPattern, kGemma3Pattern));
  RETURN_IF_ERROR(ReadGemmaWindow(fields, pattern, config));
  RETURN_IF_ERROR(ReadGemma3Ropes(fields, config));
  return CheckGemma3Ropes(fields, config);
}

nlohmann::json CapJson(double cap) { return cap == 0.0 ? nlohmann::json(nullptr) : nlohmann::json(cap); }

// Hugging Face takes whole numbers alone.
nlohmann::json QueryScaleJson(const ModelConfig& config) {
  if (config.query_scale == 0.0) return config.head_dim;
  if (config.query_scale != std::floor(config.query_scale)) return config.query_scale;
  return static_cast<int64_t>(config.query_scale);
}

void WriteGemma(const ModelConfig& config, nlohmann::json& value) {
  WriteAttentionBias(config, value);
  WriteWindow(config, value);
  value.erase("hidden_act");
  value["hidden_activation"] = "gelu_pytorch_tanh";
  value["query_pre_attn_scalar"] = QueryScaleJson(config);
  value["attn_logit_softcapping"] = CapJson(config.attention_soft_cap);
  value["final_logit_softcapping"] = CapJson(config.logit_soft_cap);
}

void WriteGemma3(const ModelConfig& config, nlohmann::json& value) {
  WriteGemma(config, value);
  value["max_position_embeddings"] = config.max_positions;  // reached without the rope's factor
  value["rope_local_base_freq"] = config.window_rope ? config.window_rope->theta : kGemma3WindowTheta;
}

}  // namespace

const Family kGemma2 = {"gemma2",      "Gemma2ForCausalLM",
                        "Gemma2Model", {.head_dim = kGemmaHeadDim, .tie_word_embeddings = true},
                        &ReadGemma2,   &WriteGemma};
const Family kGemma3Text = {"gemma3_text",
                            "Gemma3ForCausalLM",
                            "Gemma3TextModel",
                            {.vocab_size = 262208,
                             .num_heads = 8,
                             .num_kv_heads = 4,
                             .head_dim = kGemmaHeadDim,
                             .max_positions = 131072,
                             .rope_theta = kGemma3Theta,
                             .tie_word_embeddings = true},
                            &ReadGemma3,
                            &WriteGemma3,
                            "gemma3",
                            "Gemma3ForConditionalGeneration"};

}  // namespace drover::model
