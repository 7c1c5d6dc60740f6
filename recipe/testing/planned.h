// For tests of memory plans: a model and recipes so small that each number of a plan can be worked out by hand.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/testing/shapes.h"
#include "recipe/defaults.h"
#include "recipe/memory_plan.h"

namespace drover::recipe::planned {

// By name.
inline std::map<std::string, int64_t> PartsOf(const MemoryPlan& plan) {
  std::map<std::string, int64_t> parts;
  for (const MemoryPart& part : plan.parts) parts[part.name] = part.bytes;
  return parts;
}

// D 8, 2 heads and 1 key head of 4, I 16, 10 tokens, 2 layers, head tied.
inline model::ModelConfig Config() {
  model::ModelConfig config = model::testing::SmallConfig();
  config.vocab_size = 10;
  config.num_layers = 2;
  config.num_kv_heads = 1;
  config.tie_word_embeddings = true;
  return config;
}

// Microbatches of 4 responses of 5 tokens to prompts of 3, two responses a group; a rollout is one step.
inline v1::Recipe Recipe() {
  v1::Recipe recipe;
  FillDefaults(recipe);
  recipe.mutable_data()->set_max_prompt_tokens(3);
  recipe.mutable_rollout()->set_max_response_tokens(5);
  recipe.mutable_rollout()->set_group_size(2);
  recipe.mutable_rollout()->set_prompts(4);
  recipe.mutable_learner()->set_microbatch_responses(4);
  recipe.mutable_learner()->set_minibatch_responses(8);
  return recipe;
}

// Passes of 20 tokens, of examples of 6: no rollouts, actors, reference policy or evaluated weights.
inline v1::Recipe Supervised() {
  v1::Recipe recipe = Recipe();
  recipe.mutable_sft()->set_train("examples.jsonl");
  recipe.mutable_sft()->set_max_tokens(6);
  recipe.mutable_sft()->set_microbatch_tokens(20);
  recipe.mutable_sft()->set_batch_examples(8);
  return recipe;
}

}  // namespace drover::recipe::planned
