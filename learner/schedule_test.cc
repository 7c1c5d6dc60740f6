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

v1::SupervisedSettings Schedule(v1::RateSchedule schedule, uint32_t warmup_steps, double final_rate) {
  v1::SupervisedSettings settings;
  settings.set_learning_rate(1e-3);
  settings.set_schedule(schedule);
  settings.set_warmup_steps(warmup_steps);
  settings.set_final_rate(final_rate);
  return settings;
}

TEST(SupervisedLearningRate, EverySchedulePassesItsPoints) {
  for (const v1::RateSchedule schedule : {v1::STEADY, v1::LINEAR, v1::COSINE}) {
    EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(schedule, 20, 0), 9, 120), 5e-4);
    EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(schedule, 20, 0), 19, 120), 1e-3);
    EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(schedule, 20, 0), 20, 120), 1e-3);
    EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(schedule, 0, 0.5), 0, 1), 1e-3);
  }
  // A quarter, half and three quarters of the way down.
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(v1::STEADY, 20, 0.1), 119, 120), 1e-3);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::LINEAR, 20, 0), 45, 120), 7.5e-4, 1e-15);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::LINEAR, 20, 0.2), 70, 120), 6e-4, 1e-15);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::COSINE, 20, 0), 45, 120), 1e-3 * 0.853553390593274, 1e-15);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::COSINE, 20, 0), 70, 120), 5e-4, 1e-15);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::COSINE, 20, 0.2), 95, 120), 1e-3 * 0.317157287525381,
              1e-15);
  // One step after the last.
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::LINEAR, 20, 0.1), 120, 120), 1e-4, 1e-15);
  EXPECT_NEAR(SupervisedLearningRate(Schedule(v1::COSINE, 20, 0.1), 120, 120), 1e-4, 1e-15);
}

TEST(SupervisedLearningRate, ARunThatEndsInItsWarmUp) {
  EXPECT_DOUBLE_EQ(SupervisedLearningRate(Schedule(v1::COSINE, 100, 0), 9, 10), 1e-4);
}

}  // namespace
}  // namespace drover::learner
