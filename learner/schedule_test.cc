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

TEST(SupervisedLearningRate, DecaysToATenth) {
  v1::PretrainSettings settings;
  settings.set_batches(101);
  settings.set_learning_rate(1e-3);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(settings, 70), 1e-3);
  settings.set_decay(true);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(settings, 0), 1e-3);
  EXPECT_NEAR(SupervisedLearningRate(settings, 50), 0.55e-3, 1e-12);
  EXPECT_NEAR(SupervisedLearningRate(settings, 100), 1e-4, 1e-12);
  EXPECT_NEAR(SupervisedLearningRate(settings, 1000), 1e-4, 1e-12);
  settings.set_warmup_steps(10);
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(settings, 0), 1e-4);
}

}  // namespace
}  // namespace drover::learner
