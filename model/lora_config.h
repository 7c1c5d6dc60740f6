// Low-rank adapters of a model (LoRA: Hu et al., "Low-Rank Adaptation of Large Language Models", 2021), as a description: a
// linear map's frozen weight W [out, in] counts as W + s B A, of which A [rank, in] and B [out, rank] alone are trained. No
// LibTorch. Names and files are those of Hugging Face's peft: adapter_config.json, adapter_model.safetensors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/architecture.h"
#include "model/config.h"

namespace drover::model {

struct LoraConfig {
  int64_t rank = 0;  // at least 1
  double alpha = 0;  // above 0
  // Last parts of the names of the linear maps that have an adapter, like q_proj; none: all of a model's but its head.
  std::vector<std::string> targets;
  std::string base;   // the folder of the model whose weights are frozen
  uint64_t seed = 1;  // of A's first numbers; B begins with 0

  double scale() const { return alpha / static_cast<double>(rank); }  // s
};

// What peft puts in front of a weight's name, and behind it for A and B in place of ".weight".
inline constexpr char kPeftPrefix[] = "base_model.model.";
inline constexpr char kPeftEndOfA[] = ".lora_A.weight";
inline constexpr char kPeftEndOfB[] = ".lora_B.weight";

// Whether the linear map whose weight has this name gets an adapter.
bool IsTarget(const LoraConfig& lora, std::string_view weight_name);

// Of one adapter.
struct AdapterDescription {
  std::string weight;      // Hugging Face's name of W, model.layers.0.self_attn.q_proj.weight
  WeightDescription a, b;  // by peft's names: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight
};

AdapterDescription DescribeAdapter(const LoraConfig& lora, const WeightDescription& weight);

// All of a model's, by layers. INVALID_ARGUMENT names a target that the model has not, and those that it has.
absl::StatusOr<std::vector<AdapterDescription>> DescribeAdapters(const LoraConfig& lora,
                                                                 const ModelConfig& config);

// The numbers of all A and B together; what DescribeAdapters refuses counts nothing.
int64_t CountAdapterWeights(const LoraConfig& lora, const ModelConfig& config);

// The text of an adapter_config.json that peft reads; its target_modules are `targets`, or what a model of `config` has.
std::string LoraConfigJson(const LoraConfig& lora, const ModelConfig& config);

// The inverse (without targets, which the adapters' names say, and without a seed). INVALID_ARGUMENT names a field that is
// wrong, UNIMPLEMENTED one that asks for what is no plain LoRA: DoRA, biases, whole modules, ranks by pattern.
absl::StatusOr<LoraConfig> ParseLoraConfig(std::string_view json);

}  // namespace drover::model
