#include "evaluation/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace drover::evaluation {
namespace {

using ::testing::HasSubstr;

QuestionOutcome Question(const std::string& benchmark, int number, std::vector<int> right,
                         std::string digest = "") {
  QuestionOutcome question = {.benchmark = benchmark, .id = benchmark + "/" + std::to_string(number)};
  question.digest = digest.empty() ? "d" + std::to_string(number) : digest;
  for (const int r : right) question.responses.push_back({.tokens = 1, .correct = r == 1});
  return question;
}

double Choose(int n, int k) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1));
}

// 12 questions that the first alone has right, 3 the second alone, 10 that say nothing.
TEST(Compare, OneResponseIsMcNemarsExactTest) {
  std::vector<QuestionOutcome> a, b;
  for (int i = 0; i < 25; ++i) {
    a.push_back(Question("x", i, {i < 12 || i >= 20 ? 1 : 0}));
    b.push_back(Question("x", 24 - i,
                         {24 - i >= 12 && 24 - i < 15 ? 1
                          : 24 - i >= 20              ? 1
                                                      : 0}));  // another order
  }
  const auto comparison = Compare(a, b);
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  const Difference& x = comparison->benchmarks[0];
  EXPECT_EQ(x.test, "mcnemar_exact");
  EXPECT_EQ(x.only_a, 12u);
  EXPECT_EQ(x.only_b, 3u);
  double tail = 0;
  for (int k = 0; k <= 3; ++k) tail += Choose(15, k) / std::pow(2.0, 15);
  EXPECT_NEAR(x.p, 2 * tail, 1e-12);
  EXPECT_DOUBLE_EQ(x.difference, -9.0 / 25);
  // Agresti and Min: (3.5 - 12.5) / 27 and its standard error by hand.
  const double se = std::sqrt(16 - 81.0 / 27) / 27;
  EXPECT_NEAR(x.interval.low, -9.0 / 27 - 1.959964 * se, 1e-6);
  EXPECT_NEAR(x.interval.high, -9.0 / 27 + 1.959964 * se, 1e-6);
  EXPECT_DOUBLE_EQ(comparison->overall.p, x.p);
}

TEST(Compare, SeveralResponsesArePermuted) {
  std::vector<QuestionOutcome> a, b;
  for (int i = 0; i < 8; ++i) {
    a.push_back(Question("x", i, {0, 0, 1, 0}));
    b.push_back(Question("x", i, {1, 1, i % 2, 0}));
  }
  const Difference x = Compare(a, b)->benchmarks[0];
  EXPECT_EQ(x.test, "permutation_exact");
  EXPECT_DOUBLE_EQ(x.p, 2 / std::pow(2.0, 8));  // all differences are of one sign
  EXPECT_DOUBLE_EQ(x.difference, 0.375);
  EXPECT_LT(x.interval.low, 0.375);
  EXPECT_GT(x.interval.high, 0.375);
}

TEST(Compare, EqualRunsDoNotDiffer) {
  std::vector<QuestionOutcome> a;
  for (int i = 0; i < 20; ++i) a.push_back(Question("x", i, {i % 2, 1}));
  const auto same = Compare(a, a);
  EXPECT_DOUBLE_EQ(same->overall.difference, 0);
  EXPECT_DOUBLE_EQ(same->overall.p, 1);
  EXPECT_LT(same->overall.interval.low, 0);  // 20 questions cannot say that there is none at all
}

TEST(Compare, EachBenchmarkCountsOnce) {
  std::vector<QuestionOutcome> a, b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(Question("large", i, {0}));
    b.push_back(Question("large", i, {0}));
  }
  for (int i = 0; i < 4; ++i) {
    a.push_back(Question("small", i, {0}));
    b.push_back(Question("small", i, {1}));
  }
  const auto comparison = Compare(a, b);
  EXPECT_DOUBLE_EQ(comparison->overall.difference, 0.5);
  EXPECT_EQ(comparison->overall.questions, 104u);
  EXPECT_DOUBLE_EQ(comparison->overall.p, 2 / 16.0);
}

TEST(Compare, DifferentQuestionsAreNamed) {
  std::vector<QuestionOutcome> a = {Question("x", 0, {1}), Question("x", 1, {1})};
  std::vector<QuestionOutcome> b = {Question("x", 0, {1}), Question("x", 1, {1}, "other")};
  const std::string why(Compare(a, b).status().message());
  EXPECT_THAT(why, HasSubstr("the first alone has 1 (x/1), the second alone has 1 (x/1)"));
  EXPECT_EQ(Compare(a, b, {.common = true})->left_out, 2u);
  EXPECT_EQ(Compare(a, b, {.common = true})->overall.questions, 1u);
  EXPECT_THAT(std::string(Compare(a, {Question("y", 0, {1})}, {.common = true}).status().message()),
              HasSubstr("no question in common"));
  // The same question twice is two questions, in the order of the file.
  std::vector<QuestionOutcome> twice = {Question("x", 10, {0}, "d"), Question("x", 9, {1}, "d")};
  EXPECT_EQ(Compare(twice, {Question("x", 9, {1}, "d"), Question("x", 10, {0}, "d")})->overall.p, 1);
  EXPECT_EQ(Compare(twice, {Question("x", 9, {1}, "d")}, {.common = true})->overall.only_a, 0u);
}

// Of two systems that are equally good the test says "different" at 5 % at most so often, and the interval holds the truth.
TEST(Compare, HoldsItsLevelInASimulation) {
  RandomStream random(3, RandomPurpose::kResampling, 0);
  int rejected = 0, covered = 0, covered_apart = 0;
  constexpr int kTries = 1500;
  for (int t = 0; t < kTries; ++t) {
    std::vector<QuestionOutcome> a, b, c;
    for (int i = 0; i < 60; ++i) {
      const double share = random.Uniform();
      a.push_back(Question("x", i, {random.Uniform() < share ? 1 : 0}));
      b.push_back(Question("x", i, {random.Uniform() < share ? 1 : 0}));
      c.push_back(Question("x", i, {random.Uniform() < share * 0.8 ? 1 : 0}));
    }
    const Difference same = Compare(a, b)->overall, apart = Compare(a, c)->overall;
    rejected += same.p < 0.05 ? 1 : 0;
    covered += same.interval.Contains(0) ? 1 : 0;
    covered_apart += apart.interval.Contains(-0.1) ? 1 : 0;
  }
  EXPECT_LE(double(rejected) / kTries, 0.055);
  EXPECT_NEAR(double(covered) / kTries, 0.95, 0.025);
  EXPECT_NEAR(double(covered_apart) / kTries, 0.95, 0.025);
}

}  // namespace
}  // namespace drover::evaluation
