// Plans of actors, of whole runs, and what to change until they fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipe/memory_plan.h"
#include "recipe/testing/planned.h"

namespace drover::recipe {
namespace {

using planned::Config;
using planned::PartsOf;
using planned::Recipe;
using planned::Supervised;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST(ActorMemory, GivesAnActorTheCacheThatItCanUse) {
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
TEST(ActorMemory, AnActorsGpuHoldsNoSecondVersion) {
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

TEST(ActorMemory, ARankAndAnActorShareAGpu) {
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

TEST(ActorMemory, ProcessesOfAnActorShareItsMatrices) {
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

TEST(MemoryChanges, SaysWhatToChangeUntilItFits) {
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

TEST(MemoryChanges, ASupervisedRunIsEasedByItsOwnSettings) {
  EXPECT_THAT(ChangesToFit(Supervised(), Config(), PlannedDevice::kCpu, 0),
              ElementsAre(Field(&MemoryChange::set, "learner.activation_checkpointing=true"),
                          Field(&MemoryChange::set, "sft.microbatch_tokens=10"),
                          Field(&MemoryChange::set, "sft.microbatch_tokens=6"),
                          Field(&MemoryChange::set, "model.dtype=BFLOAT16")));
}

TEST(MemoryChanges, SeveralRanksShareBeforeTheyGiveUpSpeed) {
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

TEST(MemoryChanges, ARunIsAllItsProcesses) {
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
