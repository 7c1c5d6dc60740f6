#include "recipe/memory_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/weight_shapes.h"
#include "recipe/lora.h"
#include "recipe/memory_parts.h"
#include "recipe/supervised.h"
#include "recipe/value_head.h"

namespace drover::recipe {
namespace {

using model::ModelConfig;

constexpr int64_t kChunkBytes = int64_t{96} << 20;       // learner/forward.h
constexpr int64_t kKeptBlocks = int64_t{64} << 20;       // model/large_tensors.h
constexpr int64_t kLearnerProcess = int64_t{150} << 20;  // measured (docs/results/memory-plan.md)
constexpr int64_t kAttentionQueries = 256;
constexpr int64_t kAttentionStatistics = 12;  // bytes a token and head: model/kernels/cpu/backward_blocks.h

// The microbatch with the most positions.
struct Microbatch {
  int64_t tokens = 0;     // positions of the pass
  int64_t predicted = 0;  // response tokens
  int64_t longest = 0;    // a prompt and its response
};

int64_t OfARank(const v1::Recipe& recipe, int64_t batch) {
  const int64_t ranks = std::max<int64_t>(1, recipe.learner().ranks());
  return (batch + ranks - 1) / ranks;
}

// As many of the longest examples as learner/plan.h puts together, which may all be learned whole.
Microbatch LargestOfExamples(const v1::SupervisedSettings& sft, int64_t share) {
  const int64_t longest = sft.max_tokens();
  int64_t tokens = sft.microbatch_tokens();
  if (sft.batch_tokens() > 0) tokens = std::min<int64_t>(tokens, sft.batch_tokens());
  tokens = std::min(std::max(tokens, longest), share * longest);
  return {tokens, tokens, longest};
}

// Of how many prompts `responses` of them are at most, in a pass that computes each once. A rank that has the whole rollout
// finds those of a group together (learner/batch.h): a run of them, which begins with a group where sizes divide. Else they
// are what was drawn and dealt by length: of as many prompts as there are.
int64_t MostPrompts(const v1::Recipe& recipe, int64_t share, int64_t responses) {
  const int64_t group = std::max<int64_t>(1, recipe.rollout().group_size());
  const int64_t prompts = std::max<int64_t>(1, recipe.rollout().prompts());
  if (share < prompts * group) return std::min(responses, prompts);
  const bool aligned = responses % group == 0 || group % responses == 0;
  return std::min(prompts, aligned ? (responses + group - 1) / group : (responses + group - 2) / group + 1);
}

// Full responses.
Microbatch LargestMicrobatch(const v1::Recipe& recipe, PlannedDevice device) {
  if (IsSupervised(recipe)) {
    return LargestOfExamples(recipe.sft(), OfARank(recipe, recipe.sft().batch_examples()));
  }
  const int64_t share = OfARank(recipe, recipe.learner().minibatch_responses());
  const int64_t responses = std::min<int64_t>(recipe.learner().microbatch_responses(), share);
  const int64_t prompts = device == PlannedDevice::kCpu ? MostPrompts(recipe, share, responses) : responses;
  const int64_t prompt = recipe.data().max_prompt_tokens();
  const int64_t response = recipe.rollout().max_response_tokens();
  return {prompts * prompt + responses * response, responses * response, prompt + response};
}

// What a layer's backward pass holds beside what was kept: attention's gradients (query, key, value, result) with the
// statistics of its scores, or gradients of the feed-forward's parts. LibTorch's attention on GPUs: all of it in float32,
// and scores of some queries.
int64_t LayerBackward(const ModelConfig& config, const Microbatch& batch, int64_t e, PlannedDevice device) {
  const int64_t heads = (config.num_heads + config.num_kv_heads) * config.head_dim;
  const int64_t attention = device == PlannedDevice::kCpu
                                ? batch.tokens * (2 * e * heads + kAttentionStatistics * config.num_heads)
                                : batch.tokens * 4 * kFloatBytes * heads +
                                      4 * kFloatBytes * config.num_heads *
                                          std::min(batch.longest, kAttentionQueries) * batch.longest;
  const int64_t feed_forward =
      batch.tokens * (4 * e * config.intermediate_size + kFloatBytes * config.hidden_size);
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
// the dtype, which a frozen one is already; where gradients do not gather in one place, the head's by itself. LibTorch's operations on GPUs: the gradient
// beside the logits, and the head's.
int64_t OutputPhase(const v1::Recipe& recipe, const ModelConfig& config, const Microbatch& batch,
                    PlannedDevice device) {
  const int64_t e = ElementBytes(recipe);
  const int64_t chunk = std::min(kChunkBytes, batch.predicted * config.vocab_size * kFloatBytes);
  const int64_t narrow = e < kFloatBytes ? chunk * e / kFloatBytes : 0;
  const int64_t head = config.vocab_size * config.hidden_size;
  const int64_t of_head = head * (e < kFloatBytes ? e + kFloatBytes : kFloatBytes);
  if (device == PlannedDevice::kGpu) return 2 * chunk + narrow + of_head;
  return chunk + narrow +
         (ShardsOf(recipe).gradients > 1       ? of_head
          : e < kFloatBytes && !LoraOf(recipe) ? e * head
                                               : 0);
}

// Of a layer only its input is kept: where it is asked for, or its weights are gone by then.
bool ComputesAgain(const v1::Recipe& recipe) {
  return recipe.learner().activation_checkpointing() || ShardsOf(recipe).weights > 1;
}

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
          std::max(kFloatBytes * head, e * layer)};
}

std::string OfRanks(std::string what, int64_t shards) {
  return shards == 1 ? what : absl::StrCat(what, ", of which a rank keeps one in ", shards);
}

// Of weights that are all trained: masters, moments and gradients, whole or a rank's part; what is exchanged at a time
// (learner/layer_buckets.h). Returns the bytes of what is exchanged, which is gone behind a step.
int64_t AddAllTrained(const v1::Recipe& recipe, const ModelConfig& config,
                      const model::WeightCounts& elements, MemoryPlan* plan) {
  const Shards shards = ShardsOf(recipe);
  const int64_t embedding = Embedding(config);
  const int64_t layer = LayerElements(config, elements.all);
  plan->parts.push_back({"master weights", OfRanks("float32, 4 bytes a parameter", shards.weights),
                         kFloatBytes * elements.all / shards.weights});
  if (shards.weights > 1) {
    plan->parts.push_back({"weights of a pass",
                           "whole: embedding and head, a layer's, and those that come next",
                           kFloatBytes * (Ends(config) + 2 * layer)});
  }
  plan->parts.push_back({"gradients", OfRanks("float32, 4 bytes a parameter", shards.gradients),
                         kFloatBytes * elements.all / shards.gradients});
  plan->parts.push_back({"AdamW's moments", OfRanks("two of float32, 8 bytes a parameter", shards.moments),
                         2 * kFloatBytes * elements.all / shards.moments});
  int64_t exchanged = 0;
  if (recipe.learner().sharding() == v1::GRADIENTS || recipe.learner().sharding() == v1::WEIGHTS) {
    const int64_t whole = kFloatBytes * (embedding + 2 * layer);
    plan->parts.push_back(
        {"gradients of a pass", "whole: the head's and a layer's, and those of one in flight", whole});
    exchanged += whole;
  }
  if (shards.moments > 1) {
    const int64_t buckets = 2 * kFloatBytes * std::max(embedding, layer);
    plan->parts.push_back(
        {"exchange", "the embedding, or a layer: what is sent, and what is received", buckets});
    exchanged += buckets;
  }
  return exchanged;
}

void AddAdapters(const model::LoraConfig& lora, const v1::Recipe& recipe, const ModelConfig& config,
                 const model::WeightCounts& elements, MemoryPlan* plan) {
  const int64_t trained = model::CountAdapterWeights(lora, config);
  plan->parts.push_back({"frozen weights", "in the dtype", ElementBytes(recipe) * elements.all});
  plan->parts.push_back({"adapters", "float32, 4 bytes an adapter's parameter", kFloatBytes * trained});
  plan->parts.push_back({"gradients", "float32, 4 bytes an adapter's parameter", kFloatBytes * trained});
  plan->parts.push_back(
      {"AdamW's moments", "two of float32, 8 bytes an adapter's parameter", 2 * kFloatBytes * trained});
}

bool HasReference(const v1::Recipe& recipe) {
  return !IsSupervised(recipe) &&
         (recipe.loss().kl_coefficient() > 0.0 || recipe.reward().kl_coefficient() > 0.0);
}

// Returns the bytes of those parts that are gone behind a step. Weights of a pass are none: they are gathered to be published,
// too.
int64_t AddWeights(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                   MemoryPlan* plan) {
  const model::WeightCounts elements = model::CountWeights(config);
  const int64_t e = ElementBytes(recipe);
  int64_t of_a_step = 0;
  if (const auto lora = LoraOf(recipe)) {
    AddAdapters(*lora, recipe, config, elements, plan);
  } else {
    of_a_step += AddAllTrained(recipe, config, elements, plan);
  }
  if (HasValueHead(recipe)) {
    plan->parts.push_back({"value head", "weights, gradients and moments of float32, 16 bytes a parameter",
                           4 * kFloatBytes * (config.hidden_size + 1)});
  }
  plan->parts.push_back(WeightsInDtype(recipe, config, device, elements));
  if (ShardsOf(recipe).weights > 1) of_a_step += plan->parts.back().bytes;
  if (HasReference(recipe)) {
    const int64_t own = LoraOf(recipe) ? 0 : e * elements.all;  // else the frozen weights are the reference's
    const int64_t packed = device == PlannedDevice::kCpu ? e * elements.matrices : 0;
    plan->parts.push_back({"reference policy",
                           recipe.loss().kl_coefficient() > 0.0 ? "loss.kl_coefficient is above 0"
                                                                : "reward.kl_coefficient is above 0",
                           own + packed});
  }
  return of_a_step;
}

// What its allocator holds beside tensors at their most. CPUs: freed blocks that are kept. GPUs: what lies between blocks,
// of LibTorch's allocator.
MemoryPart AllocatorPart(PlannedDevice device, int64_t kept) {
  if (device == PlannedDevice::kGpu)
    return {"allocator", "what lies between tensors and is not used", kept / 8};
  return {"allocator", "freed blocks that are kept for tensors to come", kKeptBlocks};
}

// What a step works with, and is gone behind it. Returns its bytes.
int64_t AddActivations(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device,
                       MemoryPlan* plan) {
  const int64_t e = ElementBytes(recipe);
  const Microbatch batch = LargestMicrobatch(recipe, device);
  const int64_t layer = batch.tokens * KeptPerToken(config, e, device);
  const int64_t stream = batch.tokens * config.hidden_size * kFloatBytes;
  const bool again = ComputesAgain(recipe);
  const int64_t kept = again ? config.num_layers * stream + layer : config.num_layers * layer;
  plan->parts.push_back({"activations",
                         absl::StrCat(batch.tokens, " tokens a microbatch, ", again ? "one of " : "",
                                      config.num_layers, " layers"),
                         kept});
  // The last hidden states, those that predict, and their gradients.
  const int64_t ends = 2 * stream + 2 * batch.predicted * config.hidden_size * kFloatBytes;
  const int64_t passing =
      std::max(OutputPhase(recipe, config, batch, device), LayerBackward(config, batch, e, device));
  plan->parts.push_back(AllocatorPart(device, kept));
  plan->parts.push_back({"passing", "logits of a chunk, or gradients of one layer", ends + passing});
  return kept + ends + passing;
}

// Of the state that a checkpoint has beside the weights as they are published (learner/checkpoint.h): moments and, where the
// published weights are rounded, masters. Bytes.
struct SavedState {
  int64_t moments = 0, masters = 0;
};

SavedState SavedStateOf(const v1::Recipe& recipe, int64_t trained, const Shards& shards) {
  const bool rounded = !LoraOf(recipe) && ElementBytes(recipe) < kFloatBytes;
  return {2 * kFloatBytes * trained / shards.moments, rounded ? kFloatBytes * trained / shards.weights : 0};
}

// Of the weights a checkpoint has no copy while they are what is published. One that takes longer to write than a rollout to
// train is of an older version, where the next is not behind every rollout, which waits for it. A supervised run publishes none.
bool SavesItsOwnVersion(const v1::Recipe& recipe) {
  return IsSupervised(recipe) || recipe.run().checkpoint_every() != 1;
}

// Copies in the machine's memory: what rank 0 publishes, and what checkpoints are written from while training goes on. Ranks
// that share the moments each write theirs. What a step works with, `step`, is free while the next version is made beside the
// one before, and in a supervised run, which stands still then, while a checkpoint is written.
void AddCopies(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device, int64_t step,
               MemoryPlan* plan) {
  if (device != PlannedDevice::kCpu) return;
  const auto lora = LoraOf(recipe);
  const int64_t all = model::CountWeights(config).all;
  const int64_t trained = lora ? model::CountAdapterWeights(*lora, config) : all;
  const int64_t version = lora ? kFloatBytes * trained : ElementBytes(recipe) * all;
  if (!IsSupervised(recipe)) {
    const int64_t base = lora ? ElementBytes(recipe) * all : 0;  // for actors that have it not
    plan->parts.push_back({"published weights", "of rank 0, for actors", version + base, /*others=*/0});
    plan->parts.push_back({"next version", "made while the one before is still published, behind a step",
                           std::max<int64_t>(0, version - step), /*others=*/0});
  }
  const Shards shards = ShardsOf(recipe);
  const SavedState state = SavedStateOf(recipe, trained, shards);
  const int64_t own = (shards.moments > 1 ? state.moments : 0) + (shards.weights > 1 ? state.masters : 0);
  const int64_t reference = HasReference(recipe) && !lora ? ElementBytes(recipe) * all : 0;
  const int64_t head = HasValueHead(recipe) ? 3 * kFloatBytes * (config.hidden_size + 1) : 0;
  const int64_t weights = SavesItsOwnVersion(recipe) ? version : 0;
  const int64_t whole = weights + state.moments + state.masters + reference + head;
  const int64_t beside = IsSupervised(recipe) ? step : 0;
  plan->parts.push_back({"checkpoint", "a copy, while it is written", std::max<int64_t>(0, whole - beside),
                         /*others=*/std::max<int64_t>(0, own - beside)});
}

}  // namespace

MemoryPlan PlanLearnerMemory(const v1::Recipe& recipe, const ModelConfig& config, PlannedDevice device) {
  MemoryPlan plan;
  int64_t step = AddWeights(recipe, config, device, &plan);
  step += AddActivations(recipe, config, device, &plan);
  AddEvaluatedWeights(recipe, config, device, &plan);
  AddCopies(recipe, config, device, step, &plan);
  plan.parts.push_back(ProcessPart(device, kLearnerProcess));
  return plan;
}

}  // namespace drover::recipe
