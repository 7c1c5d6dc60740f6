#include "recipe/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "recipe/testing/planned.h"

namespace drover::recipe {
namespace {

using planned::Config;
using planned::PartsOf;
using planned::Recipe;
using planned::Supervised;

// Rank 2 on q and down: A 2x8 and B 8x2, A 2x16 and B 8x2, in two layers.
TEST(LearnerMemory, AdaptersAloneAreTrained) {
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

// 26 tokens, of which 20 are predicted from 1,000: logits of a chunk, and nothing of a head that does not learn.
TEST(LearnerMemory, AFrozenHeadHasNoGradient) {
  model::ModelConfig config = Config();
  config.vocab_size = 1000;
  v1::Recipe recipe = Recipe();
  recipe.mutable_learner()->mutable_lora()->set_rank(2);
  recipe.mutable_learner()->mutable_lora()->add_targets("q_proj");
  const auto parts = PartsOf(PlanLearnerMemory(recipe, config, PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("passing"), 2 * 26 * 8 * 4 + 2 * 20 * 8 * 4 + 20 * 1000 * 4);
}

// One weight for each of the 8 hidden numbers and a bias: itself, its gradient and two moments, float32.
TEST(LearnerMemory, CountsTheValueHead) {
  v1::Recipe recipe = Recipe();
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).count("value head"), 0u);
  recipe.mutable_advantage()->set_baseline(v1::VALUE);
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("value head"), 16 * 9);
  recipe.mutable_sft()->set_train("examples.jsonl");  // it learns from examples, and has none
  EXPECT_EQ(PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).count("value head"), 0u);
}

TEST(LearnerMemory, CountsWhatALearnerHolds) {
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

TEST(LearnerMemory, FollowsTheRecipe) {
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
TEST(LearnerMemory, CountsAsManyPromptsAsAStepCanHave) {
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
TEST(LearnerMemory, SharesMomentsAndGradientsAmongRanks) {
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
TEST(LearnerMemory, SharesWeightsAmongRanks) {
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

TEST(LearnerMemory, KeepsRoundedWeightsOnGpusOnlyForAsLongAsTheyAreRead) {
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

// A copy in the dtype, in the machine's memory.
TEST(LearnerMemory, HoldsWhatIsEvaluatedBesideTraining) {
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

TEST(LearnerMemory, ASupervisedRunHasExamples) {
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

// What rank 0 alone has for others: newer weights whole, and those that are evaluated.
TEST(LearnerMemory, RanksAboveZeroHoldLess) {
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
TEST(LearnerMemory, CheckpointsAreWrittenFromCopies) {
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

// A checkpoint behind every rollout is of the version that is published meanwhile, and shares its bytes.
TEST(LearnerMemory, APublishedVersionIsNotCopiedForItsCheckpoint) {
  const int64_t all = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8;
  v1::Recipe recipe = Recipe();
  const auto checkpoint = [&] {
    return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)).at("checkpoint");
  };
  EXPECT_EQ(checkpoint(), 12 * all) << "a slow one is of an older version";
  recipe.mutable_run()->set_checkpoint_every(1);
  EXPECT_EQ(checkpoint(), 8 * all);
  recipe.mutable_model()->set_dtype(v1::BFLOAT16);
  EXPECT_EQ(checkpoint(), 12 * all) << "masters and moments";
}

// While it is made the one before is still there, and nothing of a step.
TEST(LearnerMemory, TheNextVersionIsMadeBehindAStep) {
  const int64_t all = 2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8;
  v1::Recipe recipe = Recipe();
  const auto parts = [&] { return PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu)); };
  EXPECT_EQ(parts().at("next version"), 0) << "a step takes more";
  recipe.mutable_data()->set_max_prompt_tokens(1);
  recipe.mutable_rollout()->set_max_response_tokens(1);
  recipe.mutable_learner()->set_microbatch_responses(1);
  const auto small = parts();
  const int64_t step = small.at("activations") + small.at("passing");
  ASSERT_LT(step, 4 * all);
  EXPECT_EQ(small.at("next version"), 4 * all - step);
  recipe.mutable_learner()->set_ranks(4);
  recipe.mutable_learner()->set_sharding(v1::OPTIMIZER);
  EXPECT_EQ(parts().at("next version"), std::max<int64_t>(0, 4 * all - step - parts().at("exchange")));
  recipe.mutable_sft()->set_train("examples.jsonl");
  EXPECT_EQ(parts().count("next version"), 0u);
}

// Of CPUs it is ours (model/large_tensors.h).
TEST(LearnerMemory, AllocatorsHoldMoreThanTensors) {
  EXPECT_EQ(PartsOf(PlanLearnerMemory(Recipe(), Config(), PlannedDevice::kCpu)).at("allocator"), 64 << 20);
  const auto gpu = PartsOf(PlanLearnerMemory(Recipe(), Config(), PlannedDevice::kGpu));
  EXPECT_EQ(gpu.at("allocator"), gpu.at("activations") / 8);
}

TEST(LearnerMemory, OnlyARunWithActorsPublishes) {
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

TEST(LearnerMemory, ASupervisedRunWritesBetweenItsSteps) {
  v1::Recipe recipe = Supervised();
  const int64_t whole = 12 * (2 * (64 + 2 * 32 + 64 + 3 * 128) + 80 + 2 * 16 + 8);
  recipe.mutable_sft()->set_max_tokens(2);
  recipe.mutable_sft()->set_microbatch_tokens(2);
  auto parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  const int64_t step = parts.at("activations") + parts.at("passing");
  ASSERT_LT(step, whole);
  EXPECT_EQ(parts.at("checkpoint"), whole - step);
  recipe.mutable_sft()->set_microbatch_tokens(20);
  recipe.mutable_sft()->set_batch_examples(100);
  parts = PartsOf(PlanLearnerMemory(recipe, Config(), PlannedDevice::kCpu));
  EXPECT_EQ(parts.at("checkpoint"), 0) << "steps take more";
}

}  // namespace
}  // namespace drover::recipe
