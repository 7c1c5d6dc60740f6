#include "study/measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"

namespace drover::study {
namespace {

// 20 rollouts: incorrect responses 10 tokens in the first two, 30 and 40 in the last two, where a half and three quarters are right.
RunRecord Growing() {
  RunRecord record;
  for (int i = 0; i < 20; ++i) {
    Json rollout = {{"step", i + 1},
                    {"reward", 0.5},
                    {"response_length_incorrect", 10.0},
                    {"response_length_correct", 8.0},
                    {"staleness_mean", 2.0}};
    if (i == 18) rollout["response_length_incorrect"] = 30.0;
    if (i == 19) {
      rollout["response_length_incorrect"] = 40.0;
      rollout["reward"] = 0.75;
    }
    record.metrics.push_back(rollout);
  }
  record.summary = {{"accuracy_before", 0.25}, {"accuracy_after", 0.75}};
  return record;
}

TEST(Measure, LengthGrowthCountsEachResponseOnce) {
  const RunRecord record = Growing();
  const double last = (4 * 10.0 * 0.5 + 30.0 * 0.5 + 40.0 * 0.25) / 2.75;  // of a third: six rollouts
  EXPECT_NEAR(*Measure(v1::INCORRECT_LENGTH_GROWTH, record), last - 10, 1e-12);
  EXPECT_NEAR(*Measure(v1::CORRECT_LENGTH_GROWTH, record), 0, 1e-12);
  EXPECT_NEAR(*Measure(v1::LENGTH_GROWTH_APART, record), last - 10, 1e-12);
}

TEST(Measure, RewardsAndAccuracies) {
  const RunRecord record = Growing();
  EXPECT_NEAR(*Measure(v1::FINAL_REWARD, record), 0.625, 1e-12);
  EXPECT_NEAR(*Measure(v1::MEAN_REWARD, record), (19 * 0.5 + 0.75) / 20, 1e-12);
  EXPECT_EQ(*Measure(v1::ACCURACY_BEFORE, record), 0.25);
  EXPECT_EQ(*Measure(v1::ACCURACY_AFTER, record), 0.75);
  EXPECT_EQ(*Measure(v1::ACCURACY_GAIN, record), 0.5);
  EXPECT_EQ(*Measure(v1::STALENESS, record), 2);
}

TEST(Measure, WhatARunDoesNotSayIsNothing) {
  RunRecord record;
  for (const v1::StudyMeasure measure : {v1::INCORRECT_LENGTH_GROWTH, v1::FINAL_REWARD, v1::ACCURACY_GAIN,
                                         v1::EXTREME_WEIGHT_SHARE, v1::LOGPROB_GAP}) {
    EXPECT_FALSE(Measure(measure, record).has_value());
  }
  record = Growing();
  for (size_t i = 14; i < 20; ++i) record.metrics[i]["response_length_incorrect"] = nullptr;
  EXPECT_FALSE(Measure(v1::INCORRECT_LENGTH_GROWTH, record).has_value());
  record.summary["accuracy_after"] = nullptr;
  EXPECT_FALSE(Measure(v1::ACCURACY_GAIN, record).has_value());
}

Json Sample(const std::vector<double>& rewards, const std::vector<double>& advantages) {
  Json sample;
  for (size_t i = 0; i < rewards.size(); ++i)
    sample["responses"].push_back({{"reward", rewards[i]}, {"advantage", advantages[i]}});
  return sample;
}

TEST(Measure, ExtremeWeightShareIsOfAbsoluteAdvantages) {
  RunRecord record;
  record.samples = {Sample({1, 0, 0, 0}, {0.75, -0.25, -0.25, -0.25}),
                    Sample({1, 1, 0, 0}, {0.5, 0.5, -0.5, -0.5}), Sample({1, 1, 1, 1}, {0, 0, 0, 0})};
  EXPECT_NEAR(*Measure(v1::EXTREME_WEIGHT_SHARE, record), 1.5 / 3.5, 1e-12);
}

TEST(Curve, IsNotANumberWhereTheRunSaysNothing) {
  RunRecord record = Growing();
  record.metrics[1]["reward"] = nullptr;
  const std::vector<double> curve = Curve(record, "reward");
  ASSERT_EQ(curve.size(), 20u);
  EXPECT_EQ(curve[0], 0.5);
  EXPECT_TRUE(std::isnan(curve[1]));
}

TEST(MeasureName, OfEveryMeasure) {
  EXPECT_EQ(MeasureName(v1::INCORRECT_LENGTH_GROWTH), "incorrect length growth");
  for (int i = v1::StudyMeasure_MIN + 1; i <= v1::StudyMeasure_MAX; ++i) {
    EXPECT_NE(MeasureUnit(static_cast<v1::StudyMeasure>(i)), "");
  }
}

}  // namespace
}  // namespace drover::study
