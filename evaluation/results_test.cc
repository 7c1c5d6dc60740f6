#include "evaluation/results.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "statistics/clustered.h"
#include "statistics/interval.h"

namespace drover::evaluation {
namespace {

QuestionRecord Record(const std::string& id, std::vector<int> rewards) {
  QuestionRecord record = {.benchmark = "a", .id = id, .problem = "p", .gold = {"1"}, .prompt = "p"};
  for (const int reward : rewards) {
    record.responses.push_back(
        {.response = {.text = "x", .tokens = 10}, .reward = double(reward), .reason = "r"});
  }
  return record;
}

TEST(Results, OneResponseAQuestionHasWilsonsInterval) {
  Tally tally;
  for (int i = 0; i < 10; ++i) tally.Add(Record("a/" + std::to_string(i), {i < 3 ? 1 : 0}));
  const Results results = tally.Summarise({"a"});
  const auto wilson = statistics::WilsonInterval(0.3, 10);
  EXPECT_DOUBLE_EQ(results.benchmarks[0].all.interval.low, wilson.low);
  EXPECT_DOUBLE_EQ(results.benchmarks[0].all.interval.high, wilson.high);
  EXPECT_DOUBLE_EQ(results.mean_interval.low, wilson.low);
  EXPECT_EQ(results.benchmarks[0].pass_at_k.size(), 1u);
}

TEST(Results, SeveralResponsesAreClusteredByQuestion) {
  Tally tally;
  std::vector<statistics::Cluster> clusters;
  for (int i = 0; i < 12; ++i) {
    tally.Add(Record("a/" + std::to_string(i),
                     i < 6 ? std::vector<int>{1, 1, 1, 0} : std::vector<int>{0, 0, 0, 0}));
    clusters.push_back({.correct = i < 6 ? 3u : 0u, .responses = 4});
  }
  const BenchmarkResults results = tally.Summarise({"a"}).benchmarks[0];
  EXPECT_DOUBLE_EQ(results.all.interval.low, statistics::ShareByQuestion(clusters).interval.low);
  EXPECT_LT(results.all.interval.low,
            statistics::WilsonInterval(0.375, 48).low);  // as if all were independent
  EXPECT_DOUBLE_EQ(results.pass_at_k.at(4), 0.5);
  EXPECT_DOUBLE_EQ(results.pass_at_k.at(2), 0.5);  // of 3 right among 4, every two have one
  EXPECT_DOUBLE_EQ(results.pass_at_k.at(1), 0.375);
}

TEST(Results, PassAtKIsThereForAllResponsesToo) {
  Tally tally;
  tally.Add(Record("a/0", {1, 0, 0, 0, 0, 0}));
  tally.Add(Record("a/1", {0, 0, 0, 0, 0, 0}));
  const BenchmarkResults results = tally.Summarise({"a"}).benchmarks[0];
  EXPECT_EQ(results.pass_at_k.size(), 4u) << "1, 2, 4 and 6";
  EXPECT_DOUBLE_EQ(results.pass_at_k.at(4), 0.5 * 4 / 6);
  EXPECT_DOUBLE_EQ(results.pass_at_k.at(6), 0.5) << "one of two questions has a right response";
}

TEST(Results, NoResponseOfAKindIsNull) {
  Tally tally;
  tally.Add(Record("a/0", {0}));
  const auto json = ToJson(Settings(), tally.Summarise({"a"}));
  EXPECT_TRUE(json["benchmarks"]["a"]["response_tokens"]["correct"].is_null());
  EXPECT_EQ(json["benchmarks"]["a"]["response_tokens"]["incorrect"], 10);
  EXPECT_TRUE(json["benchmarks"]["a"]["levels"].empty());
}

// The interval of a mean over benchmarks of very different sizes holds the truth as often as it says.
TEST(IntervalOfMean, CoversInASimulation) {
  const std::vector<std::pair<double, int>> benchmarks = {{0.1, 30}, {0.4, 83}, {0.7, 500}, {0.25, 272}};
  const double truth = (0.1 + 0.4 + 0.7 + 0.25) / 4;
  RandomStream random(1, RandomPurpose::kResampling, 0);
  int covered = 0;
  constexpr int kTries = 4000;
  for (int t = 0; t < kTries; ++t) {
    std::vector<double> estimates;
    std::vector<statistics::Interval> intervals;
    for (const auto& [share, n] : benchmarks) {
      int right = 0;
      for (int i = 0; i < n; ++i) right += random.Uniform() < share ? 1 : 0;
      estimates.push_back(double(right) / n);
      intervals.push_back(statistics::WilsonInterval(estimates.back(), n));
    }
    covered += IntervalOfMean(estimates, intervals).Contains(truth) ? 1 : 0;
  }
  EXPECT_NEAR(double(covered) / kTries, 0.95, 0.012);
}

}  // namespace
}  // namespace drover::evaluation
