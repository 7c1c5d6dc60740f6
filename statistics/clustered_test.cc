#include "statistics/clustered.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "statistics/moments.h"

namespace drover::statistics {
namespace {

// With as many responses to each question it is the standard error of the questions' means.
TEST(ShareByQuestion, EqualClustersAreTheirMeans) {
  const std::vector<uint64_t> correct{0, 4, 1, 3, 4, 2, 0, 0, 1};
  std::vector<Cluster> questions;
  std::vector<double> means;
  for (const uint64_t c : correct) {
    questions.push_back({c, 4});
    means.push_back(static_cast<double>(c) / 4);
  }
  const ClusteredShare result = ShareByQuestion(questions);
  EXPECT_DOUBLE_EQ(result.share, Mean(means));
  EXPECT_NEAR(result.standard_error, StandardError(means), 1e-15);
}

TEST(ShareByQuestion, OneResponseEachIsNearlyWilsons) {
  std::vector<Cluster> questions(400);
  for (size_t i = 0; i < 100; ++i) questions[i].correct = 1;
  for (Cluster& question : questions) question.responses = 1;
  const ClusteredShare result = ShareByQuestion(questions);
  const Interval wilson = WilsonInterval(0.25, 400);
  EXPECT_NEAR(result.interval.low, wilson.low, 5e-4);
  EXPECT_NEAR(result.interval.high, wilson.high, 5e-4);
}

TEST(ShareByQuestion, OfFewQuestions) {
  EXPECT_EQ(ShareByQuestion({}).interval.high, 1);
  EXPECT_TRUE(std::isnan(ShareByQuestion({}).share));  // 0 would be a measurement
  EXPECT_EQ(ShareByQuestion({{3, 4}}).share, 0.75);
  EXPECT_EQ(ShareByQuestion({{3, 4}}).interval.low, 0);
  const ClusteredShare right = ShareByQuestion({{4, 4}, {4, 4}, {0, 0}, {4, 4}});
  EXPECT_EQ(right.share, 1);
  EXPECT_LT(right.interval.low, 0.5);  // three questions say little
  EXPECT_EQ(right.interval.high, 1);
  const ClusteredShare even = ShareByQuestion({{1, 2}, {1, 2}, {1, 2}});
  EXPECT_GT(even.interval.high - even.interval.low, 0.5);
}

// Questions that differ a lot: 40 of them with 8 responses each.
TEST(ShareByQuestion, CoversAsOftenAsItSaysWhereTrialsWouldNot) {
  constexpr int kTries = 2000;
  int clustered = 0, as_trials = 0;
  RandomStream random(11, RandomPurpose::kResampling, 0);
  for (int i = 0; i < kTries; ++i) {
    std::vector<Cluster> questions(40);
    double correct = 0;
    for (Cluster& question : questions) {
      const double chance = random.Uniform() < 0.3 ? 0.9 : 0.1;  // 0.34 on the whole
      question.responses = 8;
      for (int r = 0; r < 8; ++r) question.correct += random.Uniform() < chance;
      correct += static_cast<double>(question.correct);
    }
    clustered += ShareByQuestion(questions).interval.Contains(0.34);
    as_trials += WilsonInterval(correct / 320, 320).Contains(0.34);
  }
  EXPECT_NEAR(static_cast<double>(clustered) / kTries, 0.95, 0.015);
  EXPECT_LT(static_cast<double>(as_trials) / kTries, 0.8);
}

}  // namespace
}  // namespace drover::statistics
