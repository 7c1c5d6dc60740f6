#include "model/lora_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::model {
namespace {

constexpr char kWeightEnd[] = ".weight";
constexpr int64_t kMaxRank = 1 << 20;
constexpr double kMaxAlpha = 1e9;

// model.layers.0.mlp.up_proj.weight -> up_proj
std::string LastPart(absl::string_view weight_name) {
  absl::ConsumeSuffix(&weight_name, kWeightEnd);
  const size_t dot = weight_name.rfind('.');
  return std::string(dot == absl::string_view::npos ? weight_name : weight_name.substr(dot + 1));
}

std::vector<WeightDescription> LinearWeightsOf(const ModelConfig& config) {
  std::vector<WeightDescription> weights;
  for (const LayerDescription& layer : DescribeArchitecture(config).layers) {
    for (const LinearDescription& linear : layer.attention.projections) weights.push_back(linear.weight);
    weights.push_back(layer.attention.output.weight);
    for (const LinearDescription& linear : layer.feed_forward.gate_up) weights.push_back(linear.weight);
    weights.push_back(layer.feed_forward.down.weight);
  }
  return weights;
}

std::set<std::string> LinearNames(const ModelConfig& config) {
  std::set<std::string> names;
  for (const WeightDescription& weight : LinearWeightsOf(config)) names.insert(LastPart(weight.name));
  return names;
}

int64_t Elements(const WeightDescription& weight) { return weight.shape[0] * weight.shape[1]; }

// Fields of adapter_config.json with which it is not what is computed here, unless they are off.
absl::Status CheckPlain(const JsonFields& fields) {
  for (const char* name : {"use_dora", "lora_bias", "fan_in_fan_out", "use_rslora", "use_qalora"}) {
    ASSIGN_OR_RETURN(const bool on, fields.Bool(name, /*absent=*/false));
    if (on) return fields.Unsupported(name, "false");
  }
  for (const char* name : {"rank_pattern", "alpha_pattern", "modules_to_save", "trainable_token_indices"}) {
    const nlohmann::json* value = fields.Find(name);
    if (value != nullptr && !value->empty()) return fields.Unsupported(name, "empty");
  }
  ASSIGN_OR_RETURN(const std::string bias, fields.String("bias", "none"));
  return bias == "none" ? absl::OkStatus() : fields.Unsupported("bias", "\"none\"");
}

}  // namespace

bool IsTarget(const LoraConfig& lora, std::string_view weight_name) {
  return lora.targets.empty() ||
         std::count(lora.targets.begin(), lora.targets.end(), LastPart(ToAbsl(weight_name))) > 0;
}

AdapterDescription DescribeAdapter(const LoraConfig& lora, const WeightDescription& weight) {
  const absl::string_view module = absl::StripSuffix(weight.name, kWeightEnd);
  AdapterDescription adapter;
  adapter.weight = weight.name;
  adapter.a = {absl::StrCat(kPeftPrefix, module, kPeftEndOfA), {lora.rank, weight.shape[1]}};
  adapter.b = {absl::StrCat(kPeftPrefix, module, kPeftEndOfB), {weight.shape[0], lora.rank}};
  adapter.b.runs = weight.runs;  // a row of B is one of the weight's
  adapter.b.whole_rows = weight.whole_rows;
  return adapter;
}

absl::StatusOr<std::vector<AdapterDescription>> DescribeAdapters(const LoraConfig& lora,
                                                                 const ModelConfig& config) {
  const std::set<std::string> names = LinearNames(config);
  for (const std::string& target : lora.targets) {
    if (names.count(target) > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("`", target, "` is no linear map of a ", config.model_type,
                                                   "; may be ", absl::StrJoin(names, ", ")));
  }
  std::vector<AdapterDescription> adapters;
  for (const WeightDescription& weight : LinearWeightsOf(config)) {
    if (IsTarget(lora, weight.name)) adapters.push_back(DescribeAdapter(lora, weight));
  }
  return adapters;
}

int64_t CountAdapterWeights(const LoraConfig& lora, const ModelConfig& config) {
  const auto adapters = DescribeAdapters(lora, config);
  if (!adapters.ok()) return 0;
  int64_t all = 0;
  for (const AdapterDescription& adapter : *adapters) all += Elements(adapter.a) + Elements(adapter.b);
  return all;
}

std::string LoraConfigJson(const LoraConfig& lora, const ModelConfig& config) {
  nlohmann::ordered_json json;
  json["peft_type"] = "LORA";
  json["task_type"] = "CAUSAL_LM";
  json["base_model_name_or_path"] = lora.base;
  json["r"] = lora.rank;
  // peft takes a whole number; another is left as it is, which its arithmetic takes as well.
  if (lora.alpha == static_cast<double>(static_cast<int64_t>(lora.alpha))) {
    json["lora_alpha"] = static_cast<int64_t>(lora.alpha);
  } else {
    json["lora_alpha"] = lora.alpha;
  }
  if (lora.targets.empty()) {
    json["target_modules"] = LinearNames(config);
  } else {
    json["target_modules"] = lora.targets;
  }
  json["lora_dropout"] = 0.0;
  json["bias"] = "none";
  json["fan_in_fan_out"] = false;
  json["init_lora_weights"] = true;
  json["inference_mode"] = true;
  json["modules_to_save"] = nullptr;
  return json.dump(2) + "\n";
}

absl::StatusOr<LoraConfig> ParseLoraConfig(std::string_view text) {
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text));
  ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(json, ""));
  ASSIGN_OR_RETURN(const std::string type, fields.String("peft_type"));
  if (type != "LORA") return fields.Unsupported("peft_type", "\"LORA\"");
  RETURN_IF_ERROR(CheckPlain(fields));
  LoraConfig lora;
  ASSIGN_OR_RETURN(lora.rank, fields.Int("r", 1, kMaxRank));
  ASSIGN_OR_RETURN(lora.alpha, fields.Positive("lora_alpha", kMaxAlpha));
  ASSIGN_OR_RETURN(lora.base, fields.String("base_model_name_or_path"));
  return lora;
}

}  // namespace drover::model
