#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/rank_share.h"
#include "model/weight_shapes.h"
#include "recipe/lora.h"
#include "recipe/memory_parts.h"
#include "recipe/memory_plan.h"

namespace drover::recipe {
namespace {

using model::ModelConfig;

constexpr int64_t kActorProcess = int64_t{300} << 20;  // on CPUs; with the holes of malloc's heap
constexpr int64_t kPrefillTokens = 4096;  // actor/engine.h: of prompts that go through the model at a time

model::RankShare ShareOfRankZero(const v1::Recipe& recipe) {
  return {0, static_cast<int>(std::max<uint32_t>(1, recipe.actors().tensor_parallel()))};
}

// The weights that it computes with, and those that come; a new version waits in the machine's memory.
void AddActorWeights(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                     MemoryPlan* plan) {
  const int64_t e = ElementBytes(recipe);
  const int64_t all = model::CountWeights(config).all;
  const model::RankShare share = ShareOfRankZero(recipe);
  const model::WeightCounts own = model::CountSharedWeights(config, share);
  const std::string of_ranks =
      share.ranks == 1 ? "" : absl::StrCat(", of which each of ", share.ranks, " processes has its rows");
  plan->parts.push_back({"weights", absl::StrCat("in the dtype", of_ranks), e * own.all});
  if (device == PlannedDevice::kCpu) {
    plan->parts.push_back(
        {"packed weights", absl::StrCat("as the products read them", of_ranks), e * own.matrices});
  }
  // The others are handed a version tensor by tensor, each whole (actor/pass_leader.h).
  const int64_t one_tensor = e * std::max(Embedding(config), config.hidden_size * config.intermediate_size);
  const auto lora = LoraOf(recipe);
  if (lora) plan->parts.push_back({"frozen weights", "as they came", e * all, one_tensor});
  if (device == PlannedDevice::kGpu) return;
  if (lora) {
    plan->parts.push_back({"incoming weights", "the next version's adapters, while responses go on",
                           2 * kFloatBytes * model::CountAdapterWeights(*lora, config), /*others=*/0});
  } else {
    plan->parts.push_back(
        {"incoming weights", "the next version, while responses go on", e * all, one_tensor});
  }
}

// What a pass works with: its tokens in one layer, and logits of as many as are drawn. GPUs: log-probabilities and what they
// are made of beside the logits (model/ops_scores.cc).
MemoryPart ActorPass(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device) {
  const int64_t drawn = recipe.actors().max_batch();
  const int64_t prompts = std::min<int64_t>(kPrefillTokens, drawn * recipe.data().max_prompt_tokens());
  const int64_t layer = (drawn + prompts) * KeptPerToken(config, ElementBytes(recipe), PlannedDevice::kCpu);
  const int64_t logits = drawn * config.vocab_size * kFloatBytes;
  return {"passing", "a layer's tokens, and logits",
          layer + (device == PlannedDevice::kGpu ? 3 : 1) * logits};
}

// Keys and values, and, on GPUs, the copies of a layer's that attention reads (model/ops_paged.cc): two in `layers`.
void AddCache(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device, int64_t free_bytes,
              MemoryPlan* plan) {
  const int64_t heads = model::WithOwnHeads(config, ShareOfRankZero(recipe)).num_kv_heads;
  const int64_t token = 2 * config.num_layers * heads * config.head_dim * ElementBytes(recipe);
  const int64_t context = recipe.data().max_prompt_tokens() + recipe.rollout().max_response_tokens();
  const int64_t wanted = token * context * static_cast<int64_t>(recipe.actors().max_batch());
  const int64_t layers = std::max<int64_t>(1, config.num_layers);
  const int64_t left = std::max<int64_t>(0, free_bytes - plan->total());
  const int64_t fits = device == PlannedDevice::kGpu ? left / (layers + 2) * layers : left;
  const auto given = static_cast<int64_t>(recipe.actors().cache_bytes());
  const int64_t cache = std::min(wanted, given > 0 ? given : fits);
  plan->parts.push_back({"keys and values",
                         absl::StrCat(token, " bytes a token; ", recipe.actors().max_batch(),
                                      " responses of ", context, " tokens would take ", wanted),
                         cache});
  if (device == PlannedDevice::kCpu) return;
  plan->parts.push_back({"attention", "copies of a layer's keys and values", 2 * cache / layers});
}

}  // namespace

MemoryPlan PlanActorMemory(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                           int64_t free_bytes) {
  MemoryPlan plan;
  AddActorWeights(recipe, config, device, &plan);
  AddEvaluatedWeights(recipe, config, device, &plan);
  plan.parts.push_back(ActorPass(recipe, config, device));
  plan.parts.push_back(ProcessPart(device, kActorProcess));
  AddCache(recipe, config, device, free_bytes, &plan);
  return plan;
}

int64_t SharedGpuMemory(const v1::Recipe& recipe, const ModelConfig& config, int64_t bytes) {
  const int64_t learner = PlanLearnerMemory(recipe, config, PlannedDevice::kGpu).total();
  return learner + PlanActorMemory(recipe, config, PlannedDevice::kGpu, bytes - learner).total();
}

}  // namespace drover::recipe
