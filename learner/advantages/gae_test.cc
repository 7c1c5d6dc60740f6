// Generalised advantage estimation by worked arithmetic and against the sums that define it.
#include "learner/advantages/gae.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "learner/advantages/advantages.h"
#include "learner/advantages/kl_returns.h"
#include "learner/advantages/whiten.h"

namespace drover::learner {
namespace {

using Series = std::vector<double>;

// delta = (0.25 - 0.5, 0.75 - 0.25, 1 - 0.75) = (-0.25, 0.5, 0.25).
TEST(Gae, ByHand) {
  const Series rewards = {0, 0, 1}, values = {0.5, 0.25, 0.75};
  EXPECT_EQ(GaeAdvantages(rewards, values, {1.0, 0.5}), (Series{0.0625, 0.625, 0.25}));
  EXPECT_EQ(GaeAdvantages(rewards, values, {1.0, 0.0}), (Series{-0.25, 0.5, 0.25}));
  EXPECT_EQ(GaeAdvantages(rewards, values, {1.0, 1.0}), (Series{0.5, 0.75, 0.25})) << "return less value";
  // gamma 1/2: delta = (0.125 - 0.5, 0.375 - 0.25, 0.25), then with lambda 1/2 each carries a quarter of the next.
  EXPECT_EQ(GaeAdvantages(rewards, values, {0.5, 0.5}), (Series{-0.328125, 0.1875, 0.25}));
  EXPECT_TRUE(GaeAdvantages({}, {}, {1.0, 1.0}).empty());
}

// The paper's definition: (1 - lambda) sum_k lambda^{k-1} A^(k)_t of the k-step estimators, where those that reach beyond the end
// are all the one that reaches it.
TEST(Gae, IsTheWeighedSumOfTheStepEstimators) {
  RandomStream random(5, RandomPurpose::kQuestions, 0);
  Series rewards, values;
  const int n = 9;
  for (int t = 0; t < n; ++t) rewards.push_back(random.Uniform() - 0.5), values.push_back(random.Uniform());
  for (const double gamma : {1.0, 0.9}) {
    for (const double lambda : {0.0, 0.3, 0.95}) {
      const Series got = GaeAdvantages(rewards, values, {gamma, lambda});
      for (int t = 0; t < n; ++t) {
        double expected = 0.0;
        for (int k = 1; k <= n - t; ++k) {
          double estimator = -values[t];
          for (int u = 0; u < k; ++u) estimator += std::pow(gamma, u) * rewards[t + u];
          if (t + k < n) estimator += std::pow(gamma, k) * values[t + k];
          const bool last = k == n - t;
          expected += (last ? 1.0 : 1.0 - lambda) * std::pow(lambda, k - 1) * estimator;
        }
        EXPECT_NEAR(got[t], expected, 1e-12) << gamma << " " << lambda << " " << t;
      }
    }
  }
}

TEST(Gae, OfTheTrueValuesIsZero) {
  const Series rewards = {-0.1, 0.2, 0, 1};
  const Series values = DiscountedReturns(rewards, 0.9);
  for (const double advantage : GaeAdvantages(rewards, values, {0.9, 0.7}))
    EXPECT_NEAR(advantage, 0.0, 1e-15);
}

TEST(DiscountedReturns, ByHand) {
  EXPECT_EQ(DiscountedReturns(Series{1, 2, 4}, 0.5), (Series{3, 4, 4}));
  EXPECT_EQ(DiscountedReturns(Series{1, 2, 4}, 1.0), (Series{7, 6, 4}));
}

TEST(TokenRewards, AddUpToTheReturn) {
  const Series penalties = {0.25, 0.5, 0.125};
  EXPECT_EQ(TokenRewards(1.0, penalties, /*to_go=*/true, 3), (Series{-0.25, -0.5, 0.875}));
  EXPECT_EQ(TokenRewards(1.0, penalties, /*to_go=*/false, 3), (Series{0, 0, 0.125}));
  EXPECT_EQ(TokenRewards(1.0, {}, /*to_go=*/true, 3), (Series{0, 0, 1}));
  EXPECT_EQ(DiscountedReturns(TokenRewards(1.0, penalties, true, 3), 1.0), KlReturns(1.0, penalties, true));
}

// Returns 0, 0, 1, 3: squares about their mean 1 are 6. Less the values -1, 0, 1, 2 they are 1, 0, 0, 1: squares 1.
TEST(ExplainedVariance, ByHand) {
  EXPECT_NEAR(*ExplainedVariance({{0, 0}, {1, 3}}, {{-1, 0}, {1, 2}}), 1.0 - 1.0 / 6.0, 1e-15);
  EXPECT_EQ(*ExplainedVariance({{0}, {1, 3}}, {{0}, {1, 3}}), 1.0);
  EXPECT_NEAR(*ExplainedVariance({{0}, {1, 3}}, {{5}, {5, 5}}), 0.0, 1e-15) << "a constant explains nothing";
  EXPECT_LT(*ExplainedVariance({{0}, {1, 3}}, {{3}, {1, 0}}), 0.0);
  EXPECT_FALSE(ExplainedVariance({{2}, {2, 2}}, {{0}, {1, 2}}).has_value());
}

// One group of a right answer of two tokens and one of one token that was cut at the limit.
std::vector<v1::Group> TwoAnswers() {
  v1::Group group;
  for (const int tokens : {2, 1}) {
    v1::Response* response = group.add_responses();
    for (int t = 0; t < tokens; ++t) response->add_token_ids(t);
    response->set_reward(1.0);
    response->set_finish_reason(tokens == 2 ? v1::FINISH_REASON_STOP : v1::FINISH_REASON_LENGTH);
  }
  return {group};
}

// The cut response has reward 0 and no value behind its end: its one delta is 0 - 0.5.
TEST(RolloutValueEstimates, ByHand) {
  AdvantageOptions options;
  options.baseline = Baseline::kValue;
  options.gae = {1.0, 0.5};
  const std::vector<Series> values = {{0.5, 0.75}, {0.5}};
  const ValueEstimates plain = RolloutValueEstimates(TwoAnswers(), options, 0, {{}, values});
  EXPECT_EQ(plain.advantages, (std::vector<Series>{{0.375, 0.25}, {-0.5}}));
  EXPECT_EQ(plain.targets, (std::vector<Series>{{0.875, 1.0}, {0.0}}));
  // Returns 1, 1, 0; less the values 0.5, 0.25, -0.5.
  EXPECT_NEAR(*plain.explained_variance, 1.0 - (0.5625 - 0.0625 / 3.0) / (2.0 / 3.0), 1e-12);

  options.kl = {1.0, KlEstimator::kK1, /*to_go=*/true};
  const ValueEstimates charged =
      RolloutValueEstimates(TwoAnswers(), options, 0, {{{0.125, 0.25}, {0.0625}}, values});
  EXPECT_EQ(charged.advantages, (std::vector<Series>{{0.125, 0.0}, {-0.5625}}));

  options.kl = {};
  options.whiten = true;
  const ValueEstimates white = RolloutValueEstimates(TwoAnswers(), options, 0, {{}, values});
  EXPECT_EQ(white.targets, plain.targets) << "values learn returns, not whitened ones";
  std::vector<Series> expected = plain.advantages;
  Whiten({2, 1}, &expected);
  EXPECT_EQ(white.advantages, expected);
}

}  // namespace
}  // namespace drover::learner
