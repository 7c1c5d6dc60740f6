#include "model/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"
#include "model/rope_config.h"

namespace drover::model {
namespace {

using nlohmann::json;

// Far above any published model, low enough that no product of a few of them overflows 63 bits.
constexpr int64_t kMaxWidth = int64_t{1} << 20;
constexpr int64_t kMaxVocab = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxPositions = int64_t{1} << 30;

constexpr char kEosIds[] = "eos_token_id";

// Hugging Face's defaults for fields that a file leaves out.
constexpr int64_t kQwen3HeadDim = 128;
constexpr int64_t kWindow = 4096;
constexpr int64_t kFirstWindowLayer = 28;  // max_window_layers of Qwen

struct Architecture {
  std::string_view model_type;
  std::string_view name;  // what `architectures` must list, perhaps among others
  std::string_view base;  // or this: the same without its head, which is then the embedding
};
constexpr Architecture kArchitectures[] = {{"llama", "LlamaForCausalLM", "LlamaModel"},
                                           {"mistral", "MistralForCausalLM", "MistralModel"},
                                           {"qwen2", "Qwen2ForCausalLM", "Qwen2Model"},
                                           {"qwen3", "Qwen3ForCausalLM", "Qwen3Model"}};

const Architecture* FindArchitecture(std::string_view model_type) {
  for (const Architecture& a : kArchitectures) {
    if (a.model_type == model_type) return &a;
  }
  return nullptr;
}

struct DtypeRow {
  std::string_view name;  // as config.json spells it
  Dtype dtype;
};
constexpr DtypeRow kDtypes[] = {
    {"float32", Dtype::kF32}, {"bfloat16", Dtype::kBF16}, {"float16", Dtype::kF16}};

// Models that were made from others may list several names, or none.
absl::Status CheckArchitectures(const JsonFields& fields, const Architecture& architecture) {
  const json* listed = fields.Find("architectures");
  if (listed == nullptr) return absl::OkStatus();
  if (!listed->is_array()) return fields.Wrong("architectures", "an array of names");
  bool known = listed->empty();
  for (const json& name : *listed) known |= name == architecture.name || name == architecture.base;
  if (known) return absl::OkStatus();
  return fields.Unsupported("architectures", absl::StrCat("a list with \"", ToAbsl(architecture.name), "\""));
}

absl::Status ParseArchitecture(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(config.model_type, fields.String("model_type"));
  const Architecture* architecture = FindArchitecture(config.model_type);
  if (architecture == nullptr) return fields.Unsupported("model_type", "llama, mistral, qwen2 or qwen3");
  RETURN_IF_ERROR(CheckArchitectures(fields, *architecture));
  if (fields.Find("quantization_config") != nullptr) {
    return fields.Unsupported("quantization_config", "absent: quantised weights are not read");
  }
  ASSIGN_OR_RETURN(std::string activation, fields.String("hidden_act", "silu"));
  if (activation != "silu") return fields.Unsupported("hidden_act", "\"silu\"");
  return absl::OkStatus();
}

// Qwen3's heads are 128 wide where the file says nothing; those of the others, and where it says null, share the
// hidden size.
absl::Status ParseHeadDim(const JsonFields& fields, ModelConfig& config) {
  const bool own_default = config.model_type == "qwen3" && !fields.Contains("head_dim");
  if (!own_default && fields.Find("head_dim") == nullptr && config.hidden_size % config.num_heads != 0) {
    return fields.Wrong("head_dim", "given, as hidden_size is no multiple of num_attention_heads");
  }
  const int64_t absent = own_default ? kQwen3HeadDim : config.hidden_size / config.num_heads;
  ASSIGN_OR_RETURN(config.head_dim, fields.Int("head_dim", 2, kMaxWidth, absent));
  return absl::OkStatus();
}

absl::Status ParseSizes(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(config.vocab_size, fields.Int("vocab_size", 1, kMaxVocab));
  ASSIGN_OR_RETURN(config.hidden_size, fields.Int("hidden_size", 1, kMaxWidth));
  ASSIGN_OR_RETURN(config.intermediate_size, fields.Int("intermediate_size", 1, kMaxWidth));
  ASSIGN_OR_RETURN(config.num_layers, fields.Int("num_hidden_layers", 1, kMaxLayers));
  ASSIGN_OR_RETURN(config.num_heads, fields.Int("num_attention_heads", 1, kMaxWidth));
  ASSIGN_OR_RETURN(config.num_kv_heads, fields.Int("num_key_value_heads", 1, kMaxWidth, config.num_heads));
  RETURN_IF_ERROR(ParseHeadDim(fields, config));
  ASSIGN_OR_RETURN(config.max_positions, fields.Int("max_position_embeddings", 1, kMaxPositions));
  ASSIGN_OR_RETURN(config.rms_norm_eps, fields.Positive("rms_norm_eps", 1.0, 1e-6));
  ASSIGN_OR_RETURN(config.initializer_range, fields.Positive("initializer_range", 100.0, 0.02));
  ASSIGN_OR_RETURN(config.tie_word_embeddings, fields.Bool("tie_word_embeddings", false));
  return absl::OkStatus();
}

absl::Status ParseBiases(const JsonFields& fields, ModelConfig& config) {
  bool is_qwen2 = config.model_type == "qwen2";
  ASSIGN_OR_RETURN(config.attention_bias, fields.Bool("attention_bias", is_qwen2));
  if (is_qwen2 && !config.attention_bias) return fields.Unsupported("attention_bias", "true for qwen2");
  if (config.model_type == "mistral" && config.attention_bias) {
    return fields.Unsupported("attention_bias", "false for mistral");
  }
  config.attention_output_bias = config.attention_bias && !is_qwen2;
  config.qk_norm = config.model_type == "qwen3";
  ASSIGN_OR_RETURN(bool mlp_bias, fields.Bool("mlp_bias", false));
  if (mlp_bias) return fields.Unsupported("mlp_bias", "false");
  return absl::OkStatus();
}

// Whether layer_types names a layer with a window.
absl::StatusOr<bool> SomeLayerSlides(const JsonFields& fields) {
  const json* layers = fields.Find("layer_types");
  if (layers == nullptr) return false;
  if (!layers->is_array()) return fields.Wrong("layer_types", "an array");
  bool slides = false;
  for (const json& layer : *layers) {
    slides |= layer == "sliding_attention";
    if (layer != "sliding_attention" && layer != "full_attention") {
      return fields.Unsupported("layer_types", "\"full_attention\" or \"sliding_attention\" for every layer");
    }
  }
  return slides;
}

// Whether some layer has a window: Mistral's all have one unless the file says null, Qwen's where it is switched on and
// not null, Llama's never.
absl::StatusOr<bool> HasWindow(const JsonFields& fields, const ModelConfig& config) {
  ASSIGN_OR_RETURN(const bool slides, SomeLayerSlides(fields));
  ASSIGN_OR_RETURN(const bool used, fields.Bool("use_sliding_window", false));
  const bool null = fields.Contains("sliding_window") && fields.Find("sliding_window") == nullptr;
  if (config.model_type == "mistral") return !null;
  if (used && config.model_type == "llama") return fields.Unsupported("use_sliding_window", "false");
  if (!used || null) {
    if (!slides) return false;
    return fields.Unsupported("layer_types", "\"full_attention\" for every layer without a window in use");
  }
  if (fields.Find("layer_types") != nullptr) return slides;
  ASSIGN_OR_RETURN(const int64_t first,
                   fields.Int("max_window_layers", 0, kMaxLayers, /*absent=*/kFirstWindowLayer));
  return first < config.num_layers;
}

absl::Status ParseWindow(const JsonFields& fields, ModelConfig& config) {
  ASSIGN_OR_RETURN(const bool windowed, HasWindow(fields, config));
  if (!windowed) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t window, fields.Int("sliding_window", 1, kMaxPositions, /*absent=*/kWindow));
  if (window <= config.max_positions) {
    config.sliding_window = window;
    config.max_positions = window;
  }
  return absl::OkStatus();
}

absl::Status ParseDtypeField(const JsonFields& fields, ModelConfig& config) {
  std::string_view key = fields.Find("dtype") != nullptr ? "dtype" : "torch_dtype";
  ASSIGN_OR_RETURN(const std::string text, fields.String(key, "float32"));
  // Some files spell it as PyTorch prints it.
  const absl::string_view name = absl::StripPrefix(text, "torch.");
  for (const DtypeRow& row : kDtypes) {
    if (ToAbsl(row.name) == name) {
      config.dtype = row.dtype;
      return absl::OkStatus();
    }
  }
  return fields.Unsupported(key, "\"float32\", \"bfloat16\" or \"float16\"");
}

// Notes an id that the embedding has no row for: no token of this model has it, so nothing is lost with it.
void NotePastVocabulary(const JsonFields& fields, std::string_view name, int64_t id, int64_t vocab_size,
                        ModelNotes* notes) {
  if (notes == nullptr) return;
  notes->push_back(absl::StrCat(fields.Path(name), " has ", id, ", but the vocabulary has ", vocab_size,
                                " ids (vocab_size): it is left out"));
}

// An id, or none for -1 (old files) and those past the vocabulary.
absl::StatusOr<std::optional<int64_t>> ParseTokenId(const JsonFields& fields, std::string_view name,
                                                    int64_t vocab_size, ModelNotes* notes) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> id, fields.OptionalInt(name, -1, INT64_MAX));
  if (!id || *id == -1) return std::nullopt;
  if (*id < vocab_size) return id;
  NotePastVocabulary(fields, name, *id, vocab_size, notes);
  return std::nullopt;
}

// Adds the ids of eos_token_id: absent, an id or a list of ids.
absl::Status AddEosIds(const JsonFields& fields, ModelConfig& config, ModelNotes* notes) {
  const json* value = fields.Find(kEosIds);
  if (value == nullptr) return absl::OkStatus();
  auto& all = config.eos_token_ids;
  for (const json& id : value->is_array() ? *value : json::array({*value})) {
    if (!id.is_number_integer() || id < 0 || id > INT64_MAX) {
      return fields.Wrong(kEosIds,
                          absl::StrCat("an id from 0 to ", config.vocab_size - 1, " or an array of them"));
    }
    if (id < config.vocab_size) {
      all.push_back(id.get<int64_t>());
    } else {
      NotePastVocabulary(fields, kEosIds, id.get<int64_t>(), config.vocab_size, notes);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return absl::OkStatus();
}

absl::Status ParseTokens(const JsonFields& fields, ModelConfig& config, ModelNotes* notes) {
  ASSIGN_OR_RETURN(config.bos_token_id, ParseTokenId(fields, "bos_token_id", config.vocab_size, notes));
  ASSIGN_OR_RETURN(config.pad_token_id, ParseTokenId(fields, "pad_token_id", config.vocab_size, notes));
  return AddEosIds(fields, config, notes);
}

absl::Status ApplyGenerationConfig(std::string_view text, ModelConfig& config, ModelNotes* notes) {
  ASSIGN_OR_RETURN(json value, ParseJson(text));
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, ""));
  if (fields.Find(kEosIds) != nullptr) config.eos_token_ids.clear();
  return AddEosIds(fields, config, notes);
}

json OrNull(const std::optional<int64_t>& id) { return id ? json(*id) : json(nullptr); }

json EosJson(const ModelConfig& config) {
  if (config.eos_token_ids.empty()) return nullptr;
  if (config.eos_token_ids.size() == 1) return config.eos_token_ids[0];
  return config.eos_token_ids;
}

json RopeScalingJson(const ModelConfig& config) {
  if (!config.rope_scaling) return nullptr;
  return {{"rope_type", "llama3"},
          {"factor", config.rope_scaling->factor},
          {"low_freq_factor", config.rope_scaling->low_freq_factor},
          {"high_freq_factor", config.rope_scaling->high_freq_factor},
          {"original_max_position_embeddings", config.rope_scaling->original_max_positions}};
}

std::string_view DtypeField(Dtype dtype) {
  for (const DtypeRow& row : kDtypes) {
    if (row.dtype == dtype) return row.name;
  }
  return "float32";
}

// First rule that the numbers break, or null.
const char* BrokenRule(const ModelConfig& c) {
  bool qwen2 = c.model_type == "qwen2";
  if (c.vocab_size < 1 || c.vocab_size > kMaxVocab) return "vocab_size must be from 1 to 16777216";
  if (c.hidden_size < 1 || c.hidden_size > kMaxWidth) return "hidden_size must be from 1 to 1048576";
  if (c.intermediate_size < 1 || c.intermediate_size > kMaxWidth) {
    return "intermediate_size must be from 1 to 1048576";
  }
  if (c.num_layers < 1 || c.num_layers > kMaxLayers) return "num_hidden_layers must be from 1 to 4096";
  if (c.num_heads < 1 || c.num_heads > kMaxWidth) return "num_attention_heads must be from 1 to 1048576";
  if (c.num_kv_heads < 1 || c.num_heads % c.num_kv_heads != 0) {
    return "num_key_value_heads must divide num_attention_heads";
  }
  if (c.head_dim < 2 || c.head_dim > kMaxWidth || c.head_dim % 2 != 0) {
    return "head_dim must be even, from 2 to 1048576";
  }
  if (c.head_dim * c.num_heads > kMaxWidth * 4)
    return "head_dim times num_attention_heads must be below 4194305";
  if (c.max_positions < 1 || c.max_positions > kMaxPositions) {
    return "max_position_embeddings must be from 1 to 1073741824";
  }
  if (c.rope_scaling && c.rope_scaling->low_freq_factor >= c.rope_scaling->high_freq_factor) {
    return "rope_scaling.low_freq_factor must be below high_freq_factor";
  }
  if (c.attention_output_bias != (c.attention_bias && !qwen2)) {
    return "the output projection has a bias if the others have one, except with qwen2";
  }
  if (qwen2 && !c.attention_bias) return "attention_bias must be true for qwen2";
  if (c.model_type == "mistral" && c.attention_bias) return "attention_bias must be false for mistral";
  if (c.qk_norm != (c.model_type == "qwen3")) return "qwen3, and only qwen3, normalises queries and keys";
  return nullptr;
}

}  // namespace

absl::Status ValidateModelConfig(const ModelConfig& config) {
  if (FindArchitecture(config.model_type) == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("model_type is ", config.model_type, ", must be llama, mistral, qwen2 or qwen3"));
  }
  if (const char* rule = BrokenRule(config)) return absl::InvalidArgumentError(rule);
  for (int64_t id : config.eos_token_ids) {
    if (id < 0 || id >= config.vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat("eos_token_id has ", id, ", must be below vocab_size, ", config.vocab_size));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text, ModelNotes* notes) {
  ASSIGN_OR_RETURN(json value, ParseJson(text));
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, ""));
  ModelConfig config;
  RETURN_IF_ERROR(ParseArchitecture(fields, config));
  RETURN_IF_ERROR(ParseSizes(fields, config));
  RETURN_IF_ERROR(ParseBiases(fields, config));
  RETURN_IF_ERROR(ParseWindow(fields, config));
  ASSIGN_OR_RETURN(const RopeConfig rope, ParseRope(fields));
  config.rope_theta = rope.theta;
  config.rope_scaling = rope.scaling;
  RETURN_IF_ERROR(ParseDtypeField(fields, config));
  RETURN_IF_ERROR(ParseTokens(fields, config, notes));
  RETURN_IF_ERROR(ValidateModelConfig(config));
  return config;
}

absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& dir, ModelNotes* notes) {
  std::string path = dir + "/config.json";
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, JsonLimits{}.max_bytes));
  absl::StatusOr<ModelConfig> config = ParseModelConfig(text, notes);
  if (!config.ok()) return Annotate(config.status(), path);
  path = dir + "/generation_config.json";
  const absl::StatusOr<std::string> generation = ReadFile(path, JsonLimits{}.max_bytes);
  if (absl::IsNotFound(generation.status())) return config;
  RETURN_IF_ERROR(generation.status());
  RETURN_IF_ERROR(Annotate(ApplyGenerationConfig(*generation, *config, notes), path));
  return config;
}

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text, std::string_view generation_text,
                                             ModelNotes* notes) {
  ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(text, notes));
  RETURN_IF_ERROR(Annotate(ApplyGenerationConfig(generation_text, config, notes), "generation_config.json"));
  return config;
}

std::string ModelConfigJson(const ModelConfig& config) {
  const Architecture* architecture = FindArchitecture(config.model_type);
  json value = {{"model_type", config.model_type},
                {"vocab_size", config.vocab_size},
                {"hidden_size", config.hidden_size},
                {"intermediate_size", config.intermediate_size},
                {"num_hidden_layers", config.num_layers},
                {"num_attention_heads", config.num_heads},
                {"num_key_value_heads", config.num_kv_heads},
                {"head_dim", config.head_dim},
                {"hidden_act", "silu"},
                {"max_position_embeddings", config.max_positions},
                {"rms_norm_eps", config.rms_norm_eps},
                {"rope_theta", config.rope_theta},
                {"rope_scaling", RopeScalingJson(config)},
                {"tie_word_embeddings", config.tie_word_embeddings},
                {"initializer_range", config.initializer_range},
                {"torch_dtype", DtypeField(config.dtype)},
                {"use_cache", true},
                {"bos_token_id", OrNull(config.bos_token_id)},
                {"eos_token_id", EosJson(config)},
                {"pad_token_id", OrNull(config.pad_token_id)}};
  if (architecture != nullptr) value["architectures"] = json::array({architecture->name});
  if (config.model_type == "llama" || config.model_type == "qwen3") {
    value["attention_bias"] = config.attention_bias;
  }
  if (config.model_type == "mistral") {
    value["sliding_window"] = OrNull(config.sliding_window);
  } else if (config.sliding_window) {
    value["use_sliding_window"] = true;
    value["sliding_window"] = *config.sliding_window;
    value["max_window_layers"] = 0;
  }
  return value.dump(2) + "\n";
}

std::string UpdatedConfigJson(std::string_view source, const ModelConfig& config) {
  auto value =
      nlohmann::ordered_json::parse(source.begin(), source.end(), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return ModelConfigJson(config);
  const bool newer = value.contains("dtype");
  if (newer) value["dtype"] = DtypeField(config.dtype);
  if (!newer || value.contains("torch_dtype")) value["torch_dtype"] = DtypeField(config.dtype);
  value["tie_word_embeddings"] = config.tie_word_embeddings;
  if (const Architecture* architecture = FindArchitecture(config.model_type)) {
    value["architectures"] = {architecture->name};
  }
  return value.dump(2) + "\n";
}

std::string GenerationConfigJson(const ModelConfig& config) {
  json value = {{"bos_token_id", OrNull(config.bos_token_id)},
                {"eos_token_id", EosJson(config)},
                {"pad_token_id", OrNull(config.pad_token_id)}};
  return value.dump(2) + "\n";
}

}  // namespace drover::model
