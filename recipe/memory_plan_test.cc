#include "recipe/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "model/testing/shapes.h"
#include "recipe/defaults.h"
#include "recipe/embedded_model.h"

namespace drover::recipe {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

std::map<std::string, int64_t> PartsOf(const MemoryPlan& plan) {
  std::map<std::string, int64_t> parts;
  for (const MemoryPart& part : plan.parts) parts[part.name] = part.bytes;
  return parts;
}

// D 8, 2 heads and 1 key head of 4, I 16, 10 tokens, 2 layers, head tied.
model::ModelConfig Config() {
  model::ModelConfig config = model::testing::SmallConfig();
  config.vocab_size = 10;
  config.num_layers = 2;
  config.num_kv_heads = 1;
  config.tie_word_embeddings = true;
  return config;
}

// Microbatches of 4 responses of 5 tokens to prompts of 3, two responses a group; a rollout is one step.
v1::Recipe Recipe() {
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

// Rank 2 on q and down: A 2x8 and B 8x2, A 2x16 and B 8x2, in two layers.
TEST(MemoryPlanTest, AdaptersAloneAreTrained) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->mutable_lora()->set_rank(2);
  for (const char* target : {"q_proj", "down_proj"})
    recipe.mutable_learner()->mutable_lora()->add_targets(target);
  recipe.mutable_model()->set_dtype(v1::BFLOAT16);
  recipe.mutable_loss()->set_kl_coefficient(0.1);
  const int64_t adapters = 2 * (16 + 16 + 32 + 16);
  const int64_t matrices = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80, all = matrices + 2 * 16 + 8;
  const auto parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.count("master weights"), 0u);
  EXPECT_EQ(parts.at("frozen weights"), 2 * all);
  EXPECT_EQ(parts.at("adapters"), 4 * adapters);
  EXPECT_EQ(parts.at("gradients"), 4 * adapters);
  EXPECT_EQ(parts.at("AdamW's moments"), 8 * adapters);
  EXPECT_EQ(parts.at("reference policy"), 2 * matrices);  // the frozen weights themselves, packed
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kGpu)).at("reference policy"), 0);
  const auto actor = PartsOf(PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, 1 << 30));
  EXPECT_EQ(actor.at("frozen weights"), 2 * all);
  EXPECT_EQ(actor.at("incoming weights"), 2 * 4 * adapters);
}

// One weight for each of the 8 hidden numbers and a bias: itself, its gradient and two moments, float32.
TEST(MemoryPlanTest, CountsTheValueHead) {
  v1::Recipe recipe = Recipe();
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).count("value head"), 0u);
  recipe.mutable_advantage()->set_baseline(v1::VALUE);
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("value head"), 16 * 9);
  recipe.mutable_sft()->set_train("examples.jsonl");  // it learns from examples, and has none
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).count("value head"), 0u);
}

TEST(MemoryPlanTest, CountsWhatALearnerHolds) {
  // Of a layer by hand: q 8x8, k and v 4x8 each, o 8x8, three of the feed-forward 16x8, two norms of 8.
  const int64_t layer = 64 + 2 * 32 + 64 + 3 * 128;
  const int64_t matrices = 2 * layer + 80;
  const int64_t all = matrices + 2 * 16 + 8;
  const auto parts = PartsOf(PlanLearnerMemory(Recipe(), Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("master weights"), 4 * all);
  EXPECT_EQ(parts.at("gradients"), 4 * all);
  EXPECT_EQ(parts.at("AdamW's moments"), 8 * all);
  EXPECT_EQ(parts.at("weights in the dtype"), 4 * matrices);
  EXPECT_EQ(parts.count("reference policy"), 0u);
  // Two prompts of 3 and four responses of 5: 26 tokens; of each and layer 2 x 4 x 8 + 2 x 4 x 8 bytes of the stream and the
  // norms, 4 x (2 x 2 + 2 x 1) x 4 of attention, 3 x 4 x 16 of the feed-forward.
  EXPECT_EQ(parts.at("activations"), 2 * 26 * (64 + 64 + 96 + 192));
}

TEST(MemoryPlanTest, FollowsTheRecipe) {
  v1::Recipe recipe = Recipe();
  const auto base = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  recipe.mutable_learner()->set_activation_checkpointing(true);
  auto parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("activations"), 2 * 26 * 8 * 4 + base.at("activations") / 2);
  recipe.mutable_learner()->set_ranks(4);  // two responses a rank, of two prompts: 16 tokens
  parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("activations"), (2 * 26 * 8 * 4 + base.at("activations") / 2) / 26 * 16);
  recipe.mutable_loss()->set_kl_coefficient(0.1);
  EXPECT_GT(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("reference policy"), 0);
  recipe.mutable_model()->set_dtype(v1::BFLOAT16);
  parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("weights in the dtype") * 2, base.at("weights in the dtype"));
  EXPECT_EQ(parts.at("master weights"), base.at("master weights"));
}

// A step that is not all of the rollout has responses of any of its groups.
TEST(MemoryPlanTest, CountsAsManyPromptsAsAStepCanHave) {
  v1::Recipe recipe = Recipe();
  const auto tokens = [&] {
    const int64_t one = 2 * (64 + 64 + 96 + 192);  // a token of both layers
    return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("activations") / one;
  };
  EXPECT_EQ(tokens(), 2 * 3 + 4 * 5);
  recipe.mutable_learner()->set_microbatch_responses(3);  // the second three are of two groups
  EXPECT_EQ(tokens(), 2 * 3 + 3 * 5);
  recipe.mutable_learner()->set_microbatch_responses(4);
  recipe.mutable_rollout()->set_prompts(8);  // 16 responses, of which a step takes 8
  EXPECT_EQ(tokens(), 4 * 3 + 4 * 5);
  recipe.mutable_rollout()->set_prompts(2);
  recipe.mutable_rollout()->set_group_size(8);  // no more than there are
  EXPECT_EQ(tokens(), 2 * 3 + 4 * 5);
}

// As in CountsWhatALearnerHolds: a layer of 576 + 16 numbers, an embedding of 80, a last norm of 8.
TEST(MemoryPlanTest, SharesMomentsAndGradientsAmongRanks) {
  const int64_t all = 2 * (576 + 16) + 80 + 8;
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->set_ranks(4);
  const auto parts = [&] { return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)); };
  EXPECT_EQ(parts().at("AdamW's moments"), 8 * all);
  EXPECT_EQ(parts().count("exchange"), 0u);
  recipe.mutable_learner()->set_sharding(v1::OPTIMIZER);
  EXPECT_EQ(parts().at("AdamW's moments"), 2 * all);
  EXPECT_EQ(parts().at("gradients"), 4 * all);
  EXPECT_EQ(parts().at("exchange"), 8 * (576 + 16 + 4));  // of two layers and a norm a half
  recipe.mutable_learner()->set_sharding(v1::GRADIENTS);
  EXPECT_EQ(parts().at("gradients"), all);
  const int64_t of_a_pass = 4 * (80 + 2 * (576 + 16 + 4));
  EXPECT_EQ(parts().at("gradients of a pass"), of_a_pass);
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kGpu)).at("gradients of a pass"),
            of_a_pass);
  EXPECT_EQ(parts().at("master weights"), 4 * all);
}

// Of a layer's 592 numbers 576 are matrices'; the embedding is the head.
TEST(MemoryPlanTest, SharesWeightsAmongRanks) {
  const int64_t all = 2 * (576 + 16) + 80 + 8;
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->set_ranks(4);
  recipe.mutable_learner()->set_activation_checkpointing(true);
  recipe.mutable_learner()->set_sharding(v1::GRADIENTS);
  const auto gradients = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  recipe.mutable_learner()->set_activation_checkpointing(false);  // it is implied
  recipe.mutable_learner()->set_sharding(v1::WEIGHTS);
  const auto parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("master weights"), all);
  EXPECT_EQ(parts.at("weights of a pass"), 4 * (80 + 2 * (576 + 16 + 4)));
  EXPECT_EQ(parts.at("weights in the dtype"), 4 * (80 + 576));
  for (const char* same : {"gradients", "gradients of a pass", "AdamW's moments", "exchange", "activations"})
    EXPECT_EQ(parts.at(same), gradients.at(same)) << same;
  const auto gpu = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kGpu));
  EXPECT_EQ(gpu.at("weights in the dtype"), 4 * 576);
  recipe.mutable_learner()->set_ranks(1);  // one rank has all
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("master weights"), 4 * all);
}

TEST(MemoryPlanTest, KeepsRoundedWeightsOnGpusOnlyForAsLongAsTheyAreRead) {
  v1::Recipe recipe = Recipe();
  const auto weights = [&](PlannedDevice device) {
    return PartsOf(PlanLearnerMemory(recipe, Config(), device)).at("weights in the dtype");
  };
  const int64_t layer = 64 + 2 * 32 + 64 + 3 * 128;
  EXPECT_EQ(weights(PlannedDevice::kGpu), 4 * (2 * layer + 80));
  recipe.mutable_learner()->set_activation_checkpointing(true);
  EXPECT_EQ(weights(PlannedDevice::kGpu), 4 * layer);
  EXPECT_EQ(weights(PlannedDevice::kCpu), 4 * (2 * layer + 80));
}

TEST(MemoryPlanTest, GivesAnActorTheCacheThatItCanUse) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_actors()->set_max_batch(16);
  const int64_t wanted =
      int64_t{2} * 2 * 1 * 4 * 4 * 8 * 16;  // keys and values, layers, key heads, d, float32, context, batch
  const auto cache = [&](int64_t free_bytes) {
    return PartsOf(PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, free_bytes)).at("keys and values");
  };
  EXPECT_EQ(cache(int64_t{1} << 40), wanted);
  EXPECT_EQ(cache(0), 0);
  recipe.mutable_actors()->set_cache_bytes(1000);
  EXPECT_EQ(cache(int64_t{1} << 40), 1000);
}

// A new version waits in the machine's memory; attention reads copies of a layer's keys and values.
TEST(MemoryPlanTest, AnActorsGpuHoldsNoSecondVersion) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_actors()->set_max_batch(16);
  const int64_t wanted = int64_t{2} * 2 * 1 * 4 * 4 * 8 * 16;  // as above
  const MemoryPlan plan = PlanActorMemory(recipe, Config(), PlannedDevice::kGpu, int64_t{1} << 40);
  const auto parts = PartsOf(plan);
  EXPECT_EQ(parts.count("incoming weights") + parts.count("packed weights"), 0u);
  EXPECT_EQ(parts.at("keys and values"), wanted);
  EXPECT_EQ(parts.at("attention"), 2 * wanted / 2);  // keys and values of one layer in two, twice
  // 16 prompts of 3 and a token of each: as a layer of the learner keeps them; three times 16 rows of 10 logits.
  EXPECT_EQ(parts.at("passing"), 16 * 4 * (64 + 64 + 96 + 192) + 3 * 16 * 10 * 4);
  const int64_t less = plan.total() - 1000;
  EXPECT_LE(PlanActorMemory(recipe, Config(), PlannedDevice::kGpu, less).total(), less);
}

TEST(MemoryPlanTest, ARankAndAnActorShareAGpu) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_actors()->set_cache_bytes(1000);
  const int64_t learner = PlanLearnerMemory(recipe, Config(), PlannedDevice::kGpu).total();
  const int64_t actor = PlanActorMemory(recipe, Config(), PlannedDevice::kGpu, 0).total();
  EXPECT_EQ(SharedGpuMemory(recipe, Config(), 0), learner + actor);
  recipe.mutable_actors()->set_cache_bytes(0);
  const int64_t bytes = learner + actor + 10000;
  EXPECT_LE(SharedGpuMemory(recipe, Config(), bytes), bytes);
  EXPECT_GT(SharedGpuMemory(recipe, Config(), bytes), learner + actor);
}

TEST(MemoryPlanTest, ProcessesOfAnActorShareItsMatrices) {
  v1::Recipe recipe = Recipe();
  const auto part = [&](const char* name) {
    return PartsOf(PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, 0)).at(name);
  };
  const int64_t weights = part("weights"), packed = part("packed weights"),
                incoming = part("incoming weights");
  recipe.mutable_actors()->set_tensor_parallel(2);
  // Its one key head, of 4 x 8 numbers for each of key and value, is on both; norms, 5 of width 8, are too.
  const int64_t twice = 4 * (2 * 2 * 4 * 8 + 5 * 8);
  EXPECT_EQ(part("weights"), (weights + twice) / 2);
  EXPECT_EQ(part("packed weights"), (packed + twice - 4 * 5 * 8) / 2);
  EXPECT_EQ(part("incoming weights"), incoming) << "rank 0 has the next version whole";
}

// A copy in the dtype, in the machine's memory.
TEST(MemoryPlanTest, HoldsWhatIsEvaluatedBesideTraining) {
  v1::Recipe recipe = Recipe();
  const int64_t all = 4 * (2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8);
  const auto learner = [&](PlannedDevice device) {
    return PartsOf(PlanLearnerMemory(recipe, Config(), device));
  };
  EXPECT_EQ(learner(PlannedDevice::kCpu).at("evaluated weights"), all);
  EXPECT_EQ(PartsOf(PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, 0)).at("evaluated weights"), all);
  EXPECT_EQ(learner(PlannedDevice::kGpu).count("evaluated weights"), 0u);
  recipe.mutable_evaluation()->set_wait(true);
  EXPECT_EQ(learner(PlannedDevice::kCpu).count("evaluated weights"), 0u);
  recipe.mutable_evaluation()->set_wait(false);
  recipe.mutable_evaluation()->set_questions(0);
  EXPECT_EQ(learner(PlannedDevice::kCpu).count("evaluated weights"), 0u);
}

TEST(MemoryPlanTest, SaysWhatToChangeUntilItFits) {
  const v1::Recipe recipe = Recipe();
  const int64_t total = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu).total();
  EXPECT_THAT(ChangesToFit(recipe, Config(), PlannedDevice::kCpu, total), IsEmpty());
  EXPECT_THAT(ChangesToFit(recipe, Config(), PlannedDevice::kCpu, total - 1),
              ElementsAre(Field(&MemoryChange::set, "learner.activation_checkpointing=true")));
  EXPECT_THAT(ChangesToFit(recipe, Config(), PlannedDevice::kCpu, 0),
              ElementsAre(Field(&MemoryChange::set, "learner.activation_checkpointing=true"),
                          Field(&MemoryChange::set, "learner.microbatch_responses=2"),
                          Field(&MemoryChange::set, "learner.microbatch_responses=1"),
                          Field(&MemoryChange::set, "model.dtype=BFLOAT16")));
}

// Passes of 20 tokens, of examples of 6: no rollouts, actors, reference policy or evaluated weights.
v1::Recipe Supervised() {
  v1::Recipe recipe = Recipe();
  recipe.mutable_sft()->set_train("examples.jsonl");
  recipe.mutable_sft()->set_max_tokens(6);
  recipe.mutable_sft()->set_microbatch_tokens(20);
  recipe.mutable_sft()->set_batch_examples(8);
  return recipe;
}

TEST(MemoryPlanTest, ASupervisedRunHasExamples) {
  v1::Recipe recipe = Supervised();
  recipe.mutable_loss()->set_kl_coefficient(0.1);
  const int64_t token = 2 * (64 + 64 + 96 + 192);  // of both layers, as in CountsWhatALearnerHolds
  const auto parts = [&] { return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)); };
  EXPECT_EQ(parts().at("activations"), 20 * token);
  EXPECT_EQ(parts().count("reference policy") + parts().count("evaluated weights"), 0u);
  recipe.mutable_sft()->set_microbatch_tokens(4);  // one example at least
  EXPECT_EQ(parts().at("activations"), 6 * token);
  recipe.mutable_sft()->set_microbatch_tokens(4096);  // eight of a step
  EXPECT_EQ(parts().at("activations"), 48 * token);
  recipe.mutable_learner()->set_ranks(3);  // three of a rank
  EXPECT_EQ(parts().at("activations"), 18 * token);
  recipe.mutable_sft()->set_batch_tokens(10);
  EXPECT_EQ(parts().at("activations"), 10 * token);
  recipe.mutable_learner()->set_ranks(1);
  EXPECT_EQ(RunMemory(recipe, Config()), PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu).total());
}

TEST(MemoryPlanTest, ASupervisedRunIsEasedByItsOwnSettings) {
  EXPECT_THAT(ChangesToFit(Supervised(), Config(), PlannedDevice::kCpu, 0),
              ElementsAre(Field(&MemoryChange::set, "learner.activation_checkpointing=true"),
                          Field(&MemoryChange::set, "sft.microbatch_tokens=10"),
                          Field(&MemoryChange::set, "sft.microbatch_tokens=6"),
                          Field(&MemoryChange::set, "model.dtype=BFLOAT16")));
}

TEST(MemoryPlanTest, SeveralRanksShareBeforeTheyGiveUpSpeed) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->set_ranks(2);
  const int64_t total = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu).total();
  const auto one_less = ChangesToFit(recipe, Config(), PlannedDevice::kCpu, total - 1);
  ASSERT_FALSE(one_less.empty());
  EXPECT_EQ(one_less[0].set, "learner.sharding=OPTIMIZER");
  const auto all = ChangesToFit(recipe, Config(), PlannedDevice::kCpu, 0);
  ASSERT_GE(all.size(), 4u);
  EXPECT_EQ(all[1].set, "learner.activation_checkpointing=true");
  EXPECT_EQ(all[2].set, "learner.sharding=GRADIENTS");
  EXPECT_EQ(all[3].set, "learner.sharding=WEIGHTS");
  recipe.mutable_advantage()->set_baseline(v1::VALUE);
  for (const MemoryChange& change : ChangesToFit(recipe, Config(), PlannedDevice::kCpu, 0)) {
    EXPECT_NE(change.set, "learner.sharding=WEIGHTS") << "a value head does not go with it";
  }
  recipe.mutable_sft()->set_train("examples.jsonl");  // which has no value head
  EXPECT_THAT(ChangesToFit(recipe, Config(), PlannedDevice::kCpu, 0),
              Contains(Field(&MemoryChange::set, "learner.sharding=WEIGHTS")));
}

// What rank 0 alone has for others: newer weights whole, and those that are evaluated.
TEST(MemoryPlanTest, RanksAboveZeroHoldLess) {
  v1::Recipe recipe = Recipe();
  const int64_t all = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8;
  const MemoryPlan learner = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu);
  EXPECT_EQ(PartsOf(learner).at("evaluated weights"), 4 * all);
  const int64_t copies = 4 * all + 12 * all;  // published, and a checkpoint's weights and moments
  EXPECT_EQ(learner.total_of_others(), learner.total() - 4 * all - copies);
  const MemoryPlan actor = PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, 0);
  const int64_t largest = 16 * 8;  // of the feed-forward block, which has more rows than the vocabulary
  EXPECT_EQ(actor.total_of_others(), actor.total() - 2 * 4 * all + 4 * largest);
  recipe.mutable_evaluation()->set_wait(true);
  const MemoryPlan alone = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu);
  EXPECT_EQ(alone.total_of_others(), alone.total() - copies);
}

// 1,272 numbers. Rank 0 writes the weights, in float32 the masters themselves; a rank its part of what ranks share.
TEST(MemoryPlanTest, CheckpointsAreWrittenFromCopies) {
  const int64_t all = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8;
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->set_ranks(4);
  const auto checkpoint = [&] {
    const MemoryPlan plan = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu);
    for (const MemoryPart& part : plan.parts) {
      if (part.name == "checkpoint") return std::pair(part.bytes, part.others.value_or(-1));
    }
    return std::pair<int64_t, int64_t>(-1, -1);
  };
  EXPECT_EQ(checkpoint(), std::pair(12 * all, int64_t{0}));
  recipe.mutable_learner()->set_sharding(v1::OPTIMIZER);
  EXPECT_EQ(checkpoint(), std::pair(6 * all, 2 * all));
  recipe.mutable_learner()->set_sharding(v1::WEIGHTS);
  EXPECT_EQ(checkpoint(), std::pair(6 * all, 2 * all));
  recipe.mutable_model()->set_dtype(v1::BFLOAT16);  // what is published is rounded: the masters too
  EXPECT_EQ(checkpoint(), std::pair(5 * all, 3 * all));
  recipe.mutable_learner()->set_sharding(v1::OPTIMIZER);  // masters whole on every rank: rank 0's are written
  EXPECT_EQ(checkpoint(), std::pair(8 * all, 2 * all));
  recipe.mutable_learner()->set_sharding(v1::NONE);
  EXPECT_EQ(checkpoint(), std::pair(14 * all, int64_t{0}));
  recipe.mutable_loss()->set_kl_coefficient(0.1);
  EXPECT_EQ(checkpoint(), std::pair(16 * all, int64_t{0}));
  const auto gpu = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kGpu));
  EXPECT_EQ(gpu.count("checkpoint") + gpu.count("published weights"), 0u) << "the machine's memory has them";
}

TEST(MemoryPlanTest, OnlyARunWithActorsPublishes) {
  v1::Recipe recipe = Recipe();
  const int64_t all = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8;
  const auto parts = [&] { return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)); };
  EXPECT_EQ(parts().at("published weights"), 4 * all);
  recipe.mutable_learner()->mutable_lora()->set_rank(2);
  recipe.mutable_learner()->mutable_lora()->add_targets("q_proj");
  const int64_t adapters = 2 * (16 + 16);
  EXPECT_EQ(parts().at("published weights"), 4 * all + 4 * adapters);  // the frozen weights, too
  EXPECT_EQ(parts().at("checkpoint"), 12 * adapters);
  recipe.mutable_sft()->set_train("examples.jsonl");
  EXPECT_EQ(parts().count("published weights"), 0u);
}

TEST(MemoryPlanTest, ASupervisedRunWritesBetweenItsSteps) {
  v1::Recipe recipe = Supervised();
  const int64_t whole = 12 * (2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8);
  recipe.mutable_sft()->set_max_tokens(2);
  recipe.mutable_sft()->set_microbatch_tokens(2);
  auto parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  const int64_t step = parts.at("activations") + parts.at("allocator") + parts.at("passing");
  ASSERT_LT(step, whole);
  EXPECT_EQ(parts.at("checkpoint"), whole - step);
  recipe.mutable_sft()->set_microbatch_tokens(20);
  recipe.mutable_sft()->set_batch_examples(100);
  parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("checkpoint"), 0) << "steps take more";
}

TEST(MemoryPlanTest, ARunIsAllItsProcesses) {
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->set_ranks(3);
  recipe.mutable_actors()->set_count(2);
  recipe.mutable_actors()->set_tensor_parallel(2);
  const MemoryPlan learner = PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu);
  const MemoryPlan actor = PlanActorMemory(recipe, Config(), PlannedDevice::kCpu, 0);
  const int64_t whole =
      learner.total() + 2 * learner.total_of_others() + 2 * (actor.total() + actor.total_of_others());
  EXPECT_EQ(RunMemory(recipe, Config()), whole);
  EXPECT_THAT(ChangesToFitRun(recipe, Config(), whole), ::testing::IsEmpty());
  const auto changes = ChangesToFitRun(recipe, Config(), whole - 1);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].set, "learner.sharding=OPTIMIZER");
  EXPECT_TRUE(changes[0].fits);
  EXPECT_FALSE(ChangesToFitRun(recipe, Config(), 1).back().fits);
}

}  // namespace
}  // namespace drover::recipe
