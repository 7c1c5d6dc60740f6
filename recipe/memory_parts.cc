#include "recipe/memory_parts.h"

#include "model/weight_shapes.h"
#include "recipe/lora.h"
#include "recipe/supervised.h"

namespace drover::recipe {
namespace {

using model::ModelConfig;

constexpr int64_t kGpuProcess = int64_t{900} << 20;  // the device's context, and libraries' workspaces

// Only without evaluation.wait.
bool EvaluatesBeside(const v1::Recipe& recipe) {
  if (IsSupervised(recipe)) return false;
  const v1::EvaluationSettings& evaluation = recipe.evaluation();
  return !evaluation.wait() && (evaluation.questions() > 0 || !evaluation.suite().path().empty());
}

}  // namespace

int64_t MemoryPlan::total() const {
  int64_t sum = 0;
  for (const MemoryPart& part : parts) sum += part.bytes;
  return sum;
}

int64_t MemoryPlan::total_of_others() const {
  int64_t sum = 0;
  for (const MemoryPart& part : parts) sum += part.others.value_or(part.bytes);
  return sum;
}

int64_t ElementBytes(const v1::Recipe& recipe) {
  return recipe.model().dtype() == v1::BFLOAT16 ? 2 : kFloatBytes;
}

int64_t Embedding(const ModelConfig& config) { return config.vocab_size * config.hidden_size; }

// Bytes that a layer keeps of a token until its backward pass, what its operations save (model/ops_gradients.cc; on GPUs
// LibTorch's own). D hidden, H heads, K key heads, d a head, I the feed-forward's width, e bytes of the dtype:
//   residual stream before both norms 8 D; normed 2 e D; query, key, value and attention's result e (2 H + 2 K) d;
//   gate, up and their product 3 e I. GPUs: norms also keep what they scaled (16 D), rotations their parts.
int64_t KeptPerToken(const ModelConfig& config, int64_t e, PlannedDevice device) {
  const int64_t heads = 2 * (config.num_heads + config.num_kv_heads) * config.head_dim;
  const int64_t cpu = 2 * kFloatBytes * config.hidden_size + 2 * e * config.hidden_size + e * heads +
                      3 * e * config.intermediate_size;
  if (device == PlannedDevice::kCpu) return cpu;
  return cpu + 4 * kFloatBytes * config.hidden_size + kFloatBytes * heads + e * config.intermediate_size;
}

void AddEvaluatedWeights(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                         MemoryPlan* plan) {
  if (!EvaluatesBeside(recipe) || device != PlannedDevice::kCpu) return;
  const auto lora = LoraOf(recipe);
  plan->parts.push_back({"evaluated weights", "an older version; evaluation.wait needs none",
                         lora ? kFloatBytes * model::CountAdapterWeights(*lora, config)
                              : ElementBytes(recipe) * model::CountWeights(config).all,
                         /*others=*/0});
}

MemoryPart ProcessPart(PlannedDevice device, int64_t on_cpu) {
  return {"process", device == PlannedDevice::kCpu ? "programs and libraries" : "the device's context",
          device == PlannedDevice::kCpu ? on_cpu : kGpuProcess};
}

}  // namespace drover::recipe
