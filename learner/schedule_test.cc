#include "learner/schedule.h"

#include <gtest/gtest.h>

namespace drover::learner {
namespace {

TEST(WarmUp, RisesLinearlyAndNeverStartsAtZero) {
  EXPECT_DOUBLE_EQ(WarmUp(1.0, 0, 4), 0.25);
  EXPECT_DOUBLE_EQ(WarmUp(1.0, 2, 4), 0.75);
  EXPECT_DOUBLE_EQ(WarmUp(1.0, 3, 4), 1.0);
  EXPECT_DOUBLE_EQ(WarmUp(1.0, 100, 4), 1.0);
  EXPECT_DOUBLE_EQ(WarmUp(3e-4, 0, 0), 3e-4);
  EXPECT_DOUBLE_EQ(WarmUp(0.0, 1, 4), 0.0);
}

v1::PretrainSettings Settings(uint32_t warmup_steps, bool decay) {
  v1::PretrainSettings settings;
  settings.set_batches(120);
  settings.set_learning_rate(1e-3);
  settings.set_warmup_steps(warmup_steps);
  settings.set_decay(decay);
  return settings;
}

TEST(SupervisedLearningRate, WarmUpThenConstant) {
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, false), 0), 1e-3 / 20);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, false), 9), 5e-4);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, false), 119), 1e-3);
}

TEST(SupervisedLearningRate, WarmUpThenLinearDecay) {
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, true), 9), 5e-4);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, true), 20), 1e-3);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(20, true), 70), 5e-4);
  EXPECT_NEAR(SupervisedLearningRate(Settings(20, true), 119), 1e-5, 1e-12);
  EXPECT_EQ(SupervisedLearningRate(Settings(20, true), 1000), 0);
}

TEST(SupervisedLearningRate, NoWarmUp) {
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(0, false), 0), 1e-3);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Settings(0, true), 60), 5e-4);
}

}  // namespace
}  // namespace drover::learner
