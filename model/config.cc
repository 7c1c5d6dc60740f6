#include "model/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "model/architecture.h"
#include "model/families/family.h"
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

struct DtypeRow {
  std::string_view name;  // as config.json spells it
  Dtype dtype;
};
constexpr DtypeRow kDtypes[] = {
    {"float32", Dtype::kF32}, {"bfloat16", Dtype::kBF16}, {"float16", Dtype::kF16}};

// Models that were made from others may list several names, or none.
absl::Status CheckArchitectures(const JsonFields& fields, std::string_view whole, std::string_view headless) {
  const json* listed = fields.Find("architectures");
  if (listed == nullptr) return absl::OkStatus();
  if (!listed->is_array()) return fields.Wrong("architectures", "an array of names");
  bool known = listed->empty();
  for (const json& name : *listed) known |= name == whole || name == headless;
  if (known) return absl::OkStatus();
  return fields.Unsupported("architectures", absl::StrCat("a list with \"", ToAbsl(whole), "\""));
}

absl::Status CheckUnquantised(const JsonFields& fields) {
  if (fields.Find("quantization_config") == nullptr) return absl::OkStatus();
  return fields.Unsupported("quantization_config", "absent: quantised weights are not read");
}

struct LanguageModel {
  json fields;
  std::string path;  // of the fields, in messages
};

// `whole`, or of a model of several parts the language model: its text_config, with what is said for all parts.
absl::StatusOr<LanguageModel> LanguageModelOf(const json& whole) {
  ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(whole, ""));
  ASSIGN_OR_RETURN(const std::string model_type, fields.String("model_type"));
  const Family* const family = FindComposite(model_type);
  if (family == nullptr) return LanguageModel{whole, ""};
  RETURN_IF_ERROR(CheckArchitectures(fields, family->composite_class, family->composite_class));
  RETURN_IF_ERROR(CheckUnquantised(fields));
  RETURN_IF_ERROR(fields.Object("text_config").status());
  json text = *fields.Find("text_config");
  if (!text.contains("model_type")) text["model_type"] = family->model_type;
  for (const char* shared : {"torch_dtype", "dtype", "bos_token_id", "eos_token_id", "pad_token_id"}) {
    if (fields.Find(shared) != nullptr) text[shared] = *fields.Find(shared);
  }
  return LanguageModel{std::move(text), "text_config."};
}

absl::StatusOr<const Family*> ParseFamily(const JsonFields& fields) {
  ASSIGN_OR_RETURN(const std::string model_type, fields.String("model_type"));
  const Family* family = FindFamily(model_type);
  if (family == nullptr) return fields.Unsupported("model_type", FamilyNames());
  RETURN_IF_ERROR(CheckArchitectures(fields, family->whole, family->headless));
  RETURN_IF_ERROR(CheckUnquantised(fields));
  return family;
}

// The family's own width where the file says nothing; that of the others, and where it says null, shares the hidden
// size.
absl::Status ParseHeadDim(const JsonFields& fields, const Family& family, ModelConfig& config) {
  const bool own_default = family.defaults.head_dim > 0 && !fields.Contains("head_dim");
  if (!own_default && fields.Find("head_dim") == nullptr && config.hidden_size % config.num_heads != 0) {
    return fields.Wrong("head_dim", "given, as hidden_size is no multiple of num_attention_heads");
  }
  const int64_t absent = own_default ? family.defaults.head_dim : config.hidden_size / config.num_heads;
  ASSIGN_OR_RETURN(config.head_dim, fields.Int("head_dim", 2, kMaxWidth, absent));
  if (config.head_dim % 2 == 0) return absl::OkStatus();
  return fields.Wrong("head_dim", "even");
}

// A size that may be left out where the family has one of its own.
absl::StatusOr<int64_t> ParseSize(const JsonFields& fields, std::string_view name, int64_t max,
                                  int64_t absent) {
  return absent == 0 ? fields.Int(name, 1, max) : fields.Int(name, 1, max, absent);
}

absl::Status ParseSizes(const JsonFields& fields, const Family& family, ModelConfig& config) {
  const FamilyDefaults& absent = family.defaults;
  ASSIGN_OR_RETURN(config.vocab_size, ParseSize(fields, "vocab_size", kMaxVocab, absent.vocab_size));
  ASSIGN_OR_RETURN(config.hidden_size, fields.Int("hidden_size", 1, kMaxWidth));
  ASSIGN_OR_RETURN(config.intermediate_size, fields.Int("intermediate_size", 1, kMaxWidth));
  ASSIGN_OR_RETURN(config.num_layers, fields.Int("num_hidden_layers", 1, kMaxLayers));
  ASSIGN_OR_RETURN(config.num_heads, ParseSize(fields, "num_attention_heads", kMaxWidth, absent.num_heads));
  ASSIGN_OR_RETURN(config.num_kv_heads,
                   ParseSize(fields, "num_key_value_heads", kMaxWidth,
                             absent.num_kv_heads == 0 ? config.num_heads : absent.num_kv_heads));
  RETURN_IF_ERROR(ParseHeadDim(fields, family, config));
  ASSIGN_OR_RETURN(config.max_positions,
                   ParseSize(fields, "max_position_embeddings", kMaxPositions, absent.max_positions));
  ASSIGN_OR_RETURN(config.rms_norm_eps, fields.Positive("rms_norm_eps", 1.0, absent.rms_norm_eps));
  ASSIGN_OR_RETURN(config.initializer_range, fields.Positive("initializer_range", 100.0, 0.02));
  ASSIGN_OR_RETURN(config.tie_word_embeddings,
                   fields.Bool("tie_word_embeddings", absent.tie_word_embeddings));
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

std::string_view DtypeField(Dtype dtype) {
  for (const DtypeRow& row : kDtypes) {
    if (row.dtype == dtype) return row.name;
  }
  return "float32";
}

// First rule that the numbers break, or null.
const char* BrokenRule(const ModelConfig& c) {
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
  if (!c.layers.empty() && static_cast<int64_t>(c.layers.size()) != c.num_layers) {
    return "layers must be empty or one for each of num_hidden_layers";
  }
  return nullptr;
}

absl::Status CheckRanges(const ModelConfig& config) {
  if (const char* rule = BrokenRule(config)) return absl::InvalidArgumentError(rule);
  for (int64_t id : config.eos_token_ids) {
    if (id < 0 || id >= config.vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat("eos_token_id has ", id, ", must be below vocab_size, ", config.vocab_size));
    }
  }
  return absl::OkStatus();
}

// Says where sequences end before max_position_embeddings.
void NoteShorterContext(const JsonFields& fields, const ModelConfig& config, ModelNotes* notes) {
  const json* positions = fields.Find("max_position_embeddings");
  if (notes == nullptr || positions == nullptr || *positions <= config.max_positions) return;
  notes->push_back(absl::StrCat(
      "sequences end at ", config.max_positions,
      " tokens, the context before it was stretched, and not at max_position_embeddings, ",
      ShowJson(*positions), ": past it the rotation of each token would depend on the tokens after it"));
}

}  // namespace

absl::Status ValidateModelConfig(const ModelConfig& config) {
  if (FindFamily(config.model_type) == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("model_type is ", config.model_type, ", must be ", FamilyNames()));
  }
  RETURN_IF_ERROR(CheckRanges(config));
  ASSIGN_OR_RETURN(const ModelConfig read, ParseModelConfig(ModelConfigJson(config)));
  if (DescribeArchitecture(read) == DescribeArchitecture(config)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "no config.json of model_type ", config.model_type,
      " says what this configuration is: its biases, norms, windows, rope and scales must be the family's"));
}

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text, ModelNotes* notes) {
  ASSIGN_OR_RETURN(const json file, ParseJson(text));
  ASSIGN_OR_RETURN(const LanguageModel model, LanguageModelOf(file));
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(model.fields, model.path));
  ModelConfig config;
  ASSIGN_OR_RETURN(const Family* const family, ParseFamily(fields));
  config.model_type = std::string(family->model_type);
  RETURN_IF_ERROR(ParseSizes(fields, *family, config));
  RETURN_IF_ERROR(family->read(fields, config));
  NoteShorterContext(fields, config, notes);
  RETURN_IF_ERROR(ParseDtypeField(fields, config));
  RETURN_IF_ERROR(ParseTokens(fields, config, notes));
  RETURN_IF_ERROR(CheckRanges(config));
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
  const Family* family = FindFamily(config.model_type);
  json value = {{"model_type", config.model_type},
                {"vocab_size", config.vocab_size},
                {"hidden_size", config.hidden_size},
                {"intermediate_size", config.intermediate_size},
                {"num_hidden_layers", config.num_layers},
                {"num_attention_heads", config.num_heads},
                {"num_key_value_heads", config.num_kv_heads},
                {"head_dim", config.head_dim},
                {"hidden_act", "silu"},
                {"max_position_embeddings", PositionsToWrite(config.rope, config.max_positions)},
                {"rms_norm_eps", config.rms_norm_eps},
                {"rope_theta", config.rope.theta},
                {"rope_scaling", RopeScalingJson(config.rope)},
                {"tie_word_embeddings", config.tie_word_embeddings},
                {"initializer_range", config.initializer_range},
                {"torch_dtype", DtypeField(config.dtype)},
                {"use_cache", true},
                {"bos_token_id", OrNull(config.bos_token_id)},
                {"eos_token_id", EosJson(config)},
                {"pad_token_id", OrNull(config.pad_token_id)}};
  if (family != nullptr) {
    value["architectures"] = json::array({family->whole});
    family->write(config, value);
  }
  return value.dump(2) + "\n";
}

std::string UpdatedConfigJson(std::string_view source, const ModelConfig& config) {
  auto value =
      nlohmann::ordered_json::parse(source.begin(), source.end(), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("model_type") || value["model_type"] != config.model_type) {
    return ModelConfigJson(config);
  }
  const bool newer = value.contains("dtype");
  if (newer) value["dtype"] = DtypeField(config.dtype);
  if (!newer || value.contains("torch_dtype")) value["torch_dtype"] = DtypeField(config.dtype);
  value["tie_word_embeddings"] = config.tie_word_embeddings;
  if (const Family* family = FindFamily(config.model_type)) value["architectures"] = {family->whole};
  return value.dump(2) + "\n";
}

std::string GenerationConfigJson(const ModelConfig& config) {
  json value = {{"bos_token_id", OrNull(config.bos_token_id)},
                {"eos_token_id", EosJson(config)},
                {"pad_token_id", OrNull(config.pad_token_id)}};
  return value.dump(2) + "\n";
}

}  // namespace drover::model
