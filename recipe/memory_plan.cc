#include "recipe/memory_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/rank_share.h"
#include "model/weight_shapes.h"
#include "recipe/lora.h"
#include "recipe/value_head.h"

namespace drover::recipe {
namespace {

using model::ModelConfig;

constexpr int64_t kFloat = 4;
constexpr int64_t kChunkBytes = int64_t{96} << 20;  // learner/forward.h
constexpr int64_t kAttentionQueries = 256;
constexpr int64_t kAttentionStatistics = 12;  // bytes a token and head: model/kernels/cpu/backward_blocks.h
// Programs and libraries, threads' stacks, what allocators hold back: measured (docs/results/memory-plan.md).
constexpr int64_t kCpuProcess = int64_t{300} << 20;
constexpr int64_t kGpuProcess = int64_t{900} << 20;  // the device's context, and libraries' workspaces

int64_t ElementBytes(const v1::Recipe& recipe) { return recipe.model().dtype() == v1::BFLOAT16 ? 2 : kFloat; }

// The microbatch with the most positions: full responses, each prompt once for the responses of its group.
struct Microbatch {
  int64_t tokens = 0;     // positions of the pass
  int64_t predicted = 0;  // response tokens
  int64_t longest = 0;    // a prompt and its response
};

Microbatch LargestMicrobatch(const v1::Recipe& recipe, PlannedDevice device) {
  const int64_t ranks = std::max<int64_t>(1, recipe.learner().ranks());
  const int64_t share = (recipe.learner().minibatch_responses() + ranks - 1) / ranks;
  const int64_t responses = std::min<int64_t>(recipe.learner().microbatch_responses(), share);
  const int64_t group = std::max<int64_t>(1, recipe.rollout().group_size());
  const int64_t prompts = device == PlannedDevice::kCpu ? (responses + group - 1) / group : responses;
  const int64_t prompt = recipe.data().max_prompt_tokens();
  const int64_t response = recipe.rollout().max_response_tokens();
  return {prompts * prompt + responses * response, responses * response, prompt + response};
}

// Bytes that a layer keeps of a token until its backward pass: what its operations save (model/ops_gradients.cc; on GPUs
// LibTorch's own). D hidden, H heads, K key heads, d a head, I the feed-forward's width, e bytes of the dtype:
//   residual stream before both norms 8 D; normed 2 e D; query, key, value and attention's result e (2 H + 2 K) d;
//   gate, up and their product 3 e I. GPUs: norms also keep what they scaled (16 D), rotations their parts.
int64_t KeptPerToken(const ModelConfig& config, int64_t e, PlannedDevice device) {
  const int64_t heads = 2 * (config.num_heads + config.num_kv_heads) * config.head_dim;
  const int64_t cpu = 2 * kFloat * config.hidden_size + 2 * e * config.hidden_size + e * heads +
                      3 * e * config.intermediate_size;
  if (device == PlannedDevice::kCpu) return cpu;
  return cpu + 4 * kFloat * config.hidden_size + kFloat * heads + e * config.intermediate_size;
}

// What a layer's backward pass holds beside what was kept: attention's gradients (query, key, value, result) with the
// statistics of its scores, or gradients of the feed-forward's parts. LibTorch's attention on GPUs: all of it in float32,
// and scores of some queries.
int64_t LayerBackward(const ModelConfig& config, const Microbatch& batch, int64_t e, PlannedDevice device) {
  const int64_t heads = (config.num_heads + config.num_kv_heads) * config.head_dim;
  const int64_t attention =
      device == PlannedDevice::kCpu
          ? batch.tokens * (2 * e * heads + kAttentionStatistics * config.num_heads)
          : batch.tokens * 4 * kFloat * heads +
                4 * kFloat * config.num_heads * std::min(batch.longest, kAttentionQueries) * batch.longest;
  const int64_t feed_forward =
      batch.tokens * (4 * e * config.intermediate_size + kFloat * config.hidden_size);
  return std::max(attention, feed_forward);
}

// Over how many ranks the master weights, the gradients and the moments are spread.
struct Shards {
  int64_t weights = 1, gradients = 1, moments = 1;
};

Shards ShardsOf(const v1::Recipe& recipe) {
  const int64_t ranks = std::max<int64_t>(1, recipe.learner().ranks());
  switch (recipe.learner().sharding()) {
    case v1::OPTIMIZER:
      return {1, 1, ranks};
    case v1::GRADIENTS:
      return {1, ranks, ranks};
    case v1::WEIGHTS:
      return {ranks, ranks, ranks};
    default:
      return {};
  }
}

// Logits of a chunk, whose memory their gradient takes, and that in the dtype too where it is narrower, beside the head in
// the dtype; where gradients do not gather in one place, the head's by itself. LibTorch's operations on GPUs: the gradient
// beside the logits, and the head's.
int64_t OutputPhase(const v1::Recipe& recipe, const ModelConfig& config, const Microbatch& batch,
                    PlannedDevice device) {
  const int64_t e = ElementBytes(recipe);
  const int64_t chunk = std::min(kChunkBytes, batch.predicted * config.vocab_size * kFloat);
  const int64_t narrow = e < kFloat ? chunk * e / kFloat : 0;
  const int64_t head = config.vocab_size * config.hidden_size;
  const int64_t of_head = head * (e < kFloat ? e + kFloat : kFloat);
  if (device == PlannedDevice::kGpu) return 2 * chunk + narrow + of_head;
  // Of a frozen head nothing is known that takes so much; it was measured (docs/results/memory-plan.md).
  if (LoraOf(recipe)) return chunk + narrow + of_head;
  return chunk + narrow + (ShardsOf(recipe).gradients > 1 ? of_head : e < kFloat ? e * head : 0);
}

// Of a layer only its input is kept: where it is asked for, or its weights are gone by then.
bool ComputesAgain(const v1::Recipe& recipe) {
  return recipe.learner().activation_checkpointing() || ShardsOf(recipe).weights > 1;
}

int64_t Embedding(const ModelConfig& config) { return config.vocab_size * config.hidden_size; }
// What is of no layer, but for a norm.
int64_t Ends(const ModelConfig& config) {
  return config.tie_word_embeddings ? Embedding(config) : 2 * Embedding(config);
}
int64_t LayerElements(const ModelConfig& config, int64_t all) {
  return (all - Ends(config)) / std::max<int64_t>(1, config.num_layers);
}

// CPUs pack them once. GPUs round them in each pass and keep that for its backward pass: of all layers, or, where layers
// are computed again, of one, and the head's in float32 for as long as logits are made.
MemoryPart WeightsInDtype(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                          const model::WeightCounts& elements) {
  const int64_t e = ElementBytes(recipe);
  const int64_t all = e * elements.matrices;
  const int64_t head = Embedding(config);
  const int64_t layer = (elements.matrices - head) / std::max<int64_t>(1, config.num_layers);
  if (device == PlannedDevice::kCpu && ShardsOf(recipe).weights > 1) {
    return {"weights in the dtype", "as the products read them: of the head, and of one layer at a time",
            e * (head + layer)};
  }
  if (device == PlannedDevice::kCpu) return {"weights in the dtype", "as the products read them", all};
  if (!ComputesAgain(recipe)) return {"weights in the dtype", "kept for the backward pass", all};
  return {"weights in the dtype", "of the head, or of one layer at a time",
          std::max(kFloat * head, e * layer)};
}

std::string OfRanks(std::string what, int64_t shards) {
  return shards == 1 ? what : absl::StrCat(what, ", of which a rank keeps one in ", shards);
}

// Of weights that are all trained: masters, moments and gradients, whole or a rank's part; what is exchanged at a time
// (learner/layer_buckets.h).
void AddAllTrained(const v1::Recipe& recipe, const ModelConfig& config, const model::WeightCounts& elements,
                   MemoryPlan* plan) {
  const Shards shards = ShardsOf(recipe);
  const int64_t embedding = Embedding(config);
  const int64_t layer = LayerElements(config, elements.all);
  plan->parts.push_back({"master weights", OfRanks("float32, 4 bytes a parameter", shards.weights),
                         kFloat * elements.all / shards.weights});
  if (shards.weights > 1) {
    plan->parts.push_back({"weights of a pass",
                           "whole: embedding and head, a layer's, and those that come next",
                           kFloat * (Ends(config) + 2 * layer)});
  }
  plan->parts.push_back({"gradients", OfRanks("float32, 4 bytes a parameter", shards.gradients),
                         kFloat * elements.all / shards.gradients});
  plan->parts.push_back({"AdamW's moments", OfRanks("two of float32, 8 bytes a parameter", shards.moments),
                         2 * kFloat * elements.all / shards.moments});
  if (recipe.learner().sharding() == v1::GRADIENTS || recipe.learner().sharding() == v1::WEIGHTS) {
    plan->parts.push_back({"gradients of a pass",
                           "whole: the head's and a layer's, and those of one in flight",
                           kFloat * (embedding + 2 * layer)});
  }
  if (shards.moments > 1) {
    plan->parts.push_back({"exchange", "the embedding, or a layer: what is sent, and what is received",
                           2 * kFloat * std::max(embedding, layer)});
  }
}

void AddAdapters(const model::LoraConfig& lora, const v1::Recipe& recipe, const ModelConfig& config,
                 const model::WeightCounts& elements, MemoryPlan* plan) {
  const int64_t trained = model::CountAdapterWeights(lora, config);
  plan->parts.push_back({"frozen weights", "in the dtype", ElementBytes(recipe) * elements.all});
  plan->parts.push_back({"adapters", "float32, 4 bytes an adapter's parameter", kFloat * trained});
  plan->parts.push_back({"gradients", "float32, 4 bytes an adapter's parameter", kFloat * trained});
  plan->parts.push_back(
      {"AdamW's moments", "two of float32, 8 bytes an adapter's parameter", 2 * kFloat * trained});
}

void AddWeights(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device, MemoryPlan* plan) {
  const model::WeightCounts elements = model::CountWeights(config);
  const int64_t e = ElementBytes(recipe);
  if (const auto lora = LoraOf(recipe)) {
    AddAdapters(*lora, recipe, config, elements, plan);
  } else {
    AddAllTrained(recipe, config, elements, plan);
  }
  if (HasValueHead(recipe)) {
    plan->parts.push_back({"value head", "weights, gradients and moments of float32, 16 bytes a parameter",
                           4 * kFloat * (config.hidden_size + 1)});
  }
  plan->parts.push_back(WeightsInDtype(recipe, config, device, elements));
  if (recipe.loss().kl_coefficient() > 0.0 || recipe.reward().kl_coefficient() > 0.0) {
    const int64_t own = LoraOf(recipe) ? 0 : e * elements.all;  // else the frozen weights are the reference's
    const int64_t packed = device == PlannedDevice::kCpu ? e * elements.matrices : 0;
    plan->parts.push_back({"reference policy",
                           recipe.loss().kl_coefficient() > 0.0 ? "loss.kl_coefficient is above 0"
                                                                : "reward.kl_coefficient is above 0",
                           own + packed});
  }
}

void AddActivations(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                    MemoryPlan* plan) {
  const int64_t e = ElementBytes(recipe);
  const Microbatch batch = LargestMicrobatch(recipe, device);
  const int64_t layer = batch.tokens * KeptPerToken(config, e, device);
  const int64_t stream = batch.tokens * config.hidden_size * kFloat;
  const bool again = ComputesAgain(recipe);
  const int64_t kept = again ? config.num_layers * stream + layer : config.num_layers * layer;
  plan->parts.push_back({"activations",
                         absl::StrCat(batch.tokens, " tokens a microbatch, ", again ? "one of " : "",
                                      config.num_layers, " layers"),
                         kept});
  plan->parts.push_back({"allocator", "what lies between activations and is not used", kept / 8});
  // The last hidden states, those that predict, and their gradients.
  const int64_t ends = 2 * stream + 2 * batch.predicted * config.hidden_size * kFloat;
  const int64_t passing =
      std::max(OutputPhase(recipe, config, batch, device), LayerBackward(config, batch, e, device));
  plan->parts.push_back({"passing", "logits of a chunk, or gradients of one layer", ends + passing});
}

// With evaluations beside training: of rank 0 and of actors, while newer weights are there. Not in a GPU's memory.
bool EvaluatesBeside(const v1::Recipe& recipe) {
  const v1::EvaluationSettings& evaluation = recipe.evaluation();
  return !evaluation.wait() && (evaluation.questions() > 0 || !evaluation.suite().path().empty());
}

void AddEvaluatedWeights(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                         MemoryPlan* plan) {
  if (!EvaluatesBeside(recipe) || device != PlannedDevice::kCpu) return;
  const auto lora = LoraOf(recipe);
  plan->parts.push_back({"evaluated weights", "an older version; evaluation.wait needs none",
                         lora ? kFloat * model::CountAdapterWeights(*lora, config)
                              : ElementBytes(recipe) * model::CountWeights(config).all,
                         /*others=*/0});
}

MemoryPart ProcessPart(PlannedDevice device) {
  return {"process", device == PlannedDevice::kCpu ? "programs and libraries" : "the device's context",
          device == PlannedDevice::kCpu ? kCpuProcess : kGpuProcess};
}

// The same recipe, one step easier on memory; false when there is none left.
bool Ease(v1::Recipe* recipe, std::string* set) {
  v1::LearnerSettings& learner = *recipe->mutable_learner();
  if (learner.ranks() > 1 && learner.sharding() == v1::NONE && !LoraOf(*recipe)) {
    learner.set_sharding(v1::OPTIMIZER);
    *set = "learner.sharding=OPTIMIZER";
    return true;
  }
  if (!learner.activation_checkpointing()) {
    learner.set_activation_checkpointing(true);
    *set = "learner.activation_checkpointing=true";
    return true;
  }
  if (learner.ranks() > 1 && learner.sharding() == v1::OPTIMIZER) {
    learner.set_sharding(v1::GRADIENTS);
    *set = "learner.sharding=GRADIENTS";
    return true;
  }
  // A value head does not go with WEIGHTS.
  if (learner.ranks() > 1 && learner.sharding() == v1::GRADIENTS && !HasValueHead(*recipe)) {
    learner.set_sharding(v1::WEIGHTS);
    *set = "learner.sharding=WEIGHTS";
    return true;
  }
  if (learner.microbatch_responses() > 1) {
    learner.set_microbatch_responses(learner.microbatch_responses() / 2);
    *set = absl::StrCat("learner.microbatch_responses=", learner.microbatch_responses());
    return true;
  }
  if (recipe->model().dtype() != v1::BFLOAT16) {
    recipe->mutable_model()->set_dtype(v1::BFLOAT16);
    *set = "model.dtype=BFLOAT16";
    return true;
  }
  return false;
}

// `fits`: of a recipe and its learner's plan.
template <typename Fits>
std::vector<MemoryChange> ChangesUntil(const v1::Recipe& recipe, const ModelConfig& config,
                                       PlannedDevice device, const Fits& fits) {
  std::vector<MemoryChange> changes;
  v1::Recipe eased = recipe;
  MemoryPlan plan = PlanLearnerMemory(eased, config, device);
  std::string set;
  while (!fits(eased, plan) && Ease(&eased, &set)) {
    plan = PlanLearnerMemory(eased, config, device);
    changes.push_back({set, plan, fits(eased, plan)});
  }
  return changes;
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

MemoryPlan PlanLearnerMemory(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device) {
  MemoryPlan plan;
  AddWeights(recipe, config, device, &plan);
  AddActivations(recipe, config, device, &plan);
  AddEvaluatedWeights(recipe, config, device, &plan);
  plan.parts.push_back(ProcessPart(device));
  return plan;
}

MemoryPlan PlanActorMemory(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                           int64_t free_bytes) {
  MemoryPlan plan;
  const model::WeightCounts elements = model::CountWeights(config);
  const int64_t e = ElementBytes(recipe);
  const model::RankShare share = {0,
                                  static_cast<int>(std::max<uint32_t>(1, recipe.actors().tensor_parallel()))};
  const std::string of_ranks =
      share.ranks == 1 ? "" : absl::StrCat(", of which each of ", share.ranks, " processes has its rows");
  plan.parts.push_back(
      {"weights", absl::StrCat("in the dtype", of_ranks), e * model::CountSharedWeights(config, share).all});
  // The others are handed a version tensor by tensor, each whole (actor/pass_leader.h).
  const int64_t one_tensor = e * std::max(Embedding(config), config.hidden_size * config.intermediate_size);
  if (device == PlannedDevice::kCpu) {
    plan.parts.push_back({"packed weights", absl::StrCat("as the products read them", of_ranks),
                          e * model::CountSharedWeights(config, share).matrices});
  }
  if (const auto lora = LoraOf(recipe)) {
    plan.parts.push_back({"frozen weights", "as they came", e * elements.all, one_tensor});
    plan.parts.push_back({"incoming weights", "the next version's adapters, while responses go on",
                          2 * kFloat * model::CountAdapterWeights(*lora, config), /*others=*/0});
  } else {
    plan.parts.push_back(
        {"incoming weights", "the next version, while responses go on", e * elements.all, one_tensor});
  }
  AddEvaluatedWeights(recipe, config, device, &plan);
  plan.parts.push_back(ProcessPart(device));
  const int64_t token =
      2 * config.num_layers * model::WithOwnHeads(config, share).num_kv_heads * config.head_dim * e;
  const int64_t context = recipe.data().max_prompt_tokens() + recipe.rollout().max_response_tokens();
  const int64_t wanted = token * context * static_cast<int64_t>(recipe.actors().max_batch());
  const int64_t given = static_cast<int64_t>(recipe.actors().cache_bytes());
  const int64_t cache =
      given > 0 ? std::min(given, wanted) : std::clamp<int64_t>(free_bytes - plan.total(), 0, wanted);
  plan.parts.push_back({"keys and values",
                        absl::StrCat(token, " bytes a token; ", recipe.actors().max_batch(), " responses of ",
                                     context, " tokens would take ", wanted),
                        cache});
  return plan;
}

std::vector<MemoryChange> ChangesToFit(const v1::Recipe& recipe, const ModelConfig& config,
                                       PlannedDevice device, int64_t bytes) {
  return ChangesUntil(recipe, config, device, [bytes](const v1::Recipe&, const MemoryPlan& learner) {
    return learner.total() <= bytes;
  });
}

int64_t RunMemory(const v1::Recipe& recipe, const ModelConfig& config) {
  const auto of_ranks = [](const MemoryPlan& plan, int64_t ranks) {
    return plan.total() + (std::max<int64_t>(1, ranks) - 1) * plan.total_of_others();
  };
  const MemoryPlan learner = PlanLearnerMemory(recipe, config, PlannedDevice::kCpu);
  const MemoryPlan actor = PlanActorMemory(recipe, config, PlannedDevice::kCpu, /*free_bytes=*/0);
  return of_ranks(learner, recipe.learner().ranks()) +
         std::max<int64_t>(1, recipe.actors().count()) * of_ranks(actor, recipe.actors().tensor_parallel());
}

std::vector<MemoryChange> ChangesToFitRun(const v1::Recipe& recipe, const ModelConfig& config,
                                          int64_t bytes) {
  return ChangesUntil(recipe, config, PlannedDevice::kCpu,
                      [&config, bytes](const v1::Recipe& eased, const MemoryPlan&) {
                        return RunMemory(eased, config) <= bytes;
                      });
}

}  // namespace drover::recipe
