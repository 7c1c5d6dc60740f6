#include "data/supervised_plan.h"

#include <algorithm>
#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

v1::SupervisedSettings Settings(uint32_t epochs, uint32_t batch_examples, uint32_t batch_tokens = 0) {
  v1::SupervisedSettings settings;
  settings.set_epochs(epochs);
  settings.set_batch_examples(batch_examples);
  settings.set_batch_tokens(batch_tokens);
  return settings;
}

uint64_t LengthOf(uint64_t i) { return 1 + i % 5; }

std::vector<uint64_t> All(const SupervisedPlan& plan) {
  std::vector<uint64_t> all;
  for (uint64_t step = 0; step < plan.steps(); ++step) {
    EXPECT_EQ(plan.ExamplesBefore(step), all.size());
    for (const uint64_t example : plan.Examples(step)) all.push_back(example);
  }
  return all;
}

TEST(SupervisedPlan, EveryEpochHasEveryExampleOnceInAnOrderOfItsOwn) {
  const SupervisedPlan plan(Settings(3, 4), /*seed=*/1, /*size=*/10, LengthOf);
  EXPECT_EQ(plan.steps(), 8u);  // 30 examples: seven steps of 4, one of 2
  EXPECT_EQ(plan.Examples(7).size(), 2u);
  const std::vector<uint64_t> all = All(plan);
  ASSERT_EQ(all.size(), 30u);
  std::vector<std::vector<uint64_t>> epochs;
  for (int epoch = 0; epoch < 3; ++epoch) {
    epochs.emplace_back(all.begin() + 10 * epoch, all.begin() + 10 * (epoch + 1));
    std::vector<uint64_t> sorted = epochs.back(), expected(10);
    std::sort(sorted.begin(), sorted.end());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(sorted, expected);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(SupervisedPlan, TheOrderFollowsFromTheSeed) {
  EXPECT_EQ(All({Settings(2, 3), 1, 20, LengthOf}), All({Settings(2, 3), 1, 20, LengthOf}));
  EXPECT_NE(All({Settings(2, 3), 1, 20, LengthOf}), All({Settings(2, 3), 2, 20, LengthOf}));
}

TEST(SupervisedPlan, AStepHoldsItsTokens) {
  const SupervisedPlan plan(Settings(1, 6, /*batch_tokens=*/8), 1, 100, LengthOf);
  for (uint64_t step = 0; step < plan.steps(); ++step) {
    const std::vector<uint64_t> examples = plan.Examples(step);
    uint64_t tokens = 0;
    for (const uint64_t example : examples) tokens += LengthOf(example);
    EXPECT_LE(tokens, 8u);
    EXPECT_LE(examples.size(), 6u);
    if (step + 1 == plan.steps() || examples.size() == 6) continue;
    EXPECT_GT(tokens + LengthOf(plan.Examples(step + 1).front()), 8u) << "the next would have fit";
  }
  EXPECT_EQ(All(plan).size(), 100u);
}

TEST(SupervisedPlan, AnExampleOverTheTokensIsAStepOfItsOwn) {
  const SupervisedPlan plan(Settings(1, 6, /*batch_tokens=*/3), 1, 10, [](uint64_t) { return 100; });
  EXPECT_EQ(plan.steps(), 10u);
}

TEST(SupervisedPlan, StepsMayEndBeforeTheEpochs) {
  v1::SupervisedSettings settings = Settings(5, 4);
  settings.set_steps(3);
  EXPECT_EQ(SupervisedPlan(settings, 1, 10, LengthOf).steps(), 3u);
  settings.set_steps(1000);
  EXPECT_EQ(SupervisedPlan(settings, 1, 10, LengthOf).steps(), 13u);
  EXPECT_EQ(SupervisedPlan(Settings(1, 32), 1, 1, LengthOf).steps(), 1u);
}

}  // namespace
}  // namespace drover::data
