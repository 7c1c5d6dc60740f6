#include "services/learner/pretraining.h"

#include <gtest/gtest.h>

namespace drover::learner_process {
namespace {

v1::PretrainSettings Settings(bool decay) {
  v1::PretrainSettings settings;
  settings.set_batches(120);
  settings.set_learning_rate(1e-3);
  settings.set_warmup_steps(20);
  settings.set_decay(decay);
  return settings;
}

TEST(PretrainingTest, WarmUpThenConstant) {
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(false), 0), 1e-3 / 20);
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(false), 9), 5e-4);
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(false), 20), 1e-3);
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(false), 119), 1e-3);
}

TEST(PretrainingTest, WarmUpThenLinearDecay) {
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(true), 20), 1e-3);
  EXPECT_DOUBLE_EQ(PretrainLearningRate(Settings(true), 70), 5e-4);
  EXPECT_NEAR(PretrainLearningRate(Settings(true), 119), 1e-5, 1e-12);
}

TEST(PretrainingTest, NoWarmUp) {
  v1::PretrainSettings settings = Settings(false);
  settings.set_warmup_steps(0);
  EXPECT_DOUBLE_EQ(PretrainLearningRate(settings, 0), 1e-3);
}

}  // namespace
}  // namespace drover::learner_process
