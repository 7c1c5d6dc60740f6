#include "actor/sampler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "actor/scorer.h"
#include "base/random.h"
#include "model/ops.h"

namespace drover::actor {
namespace {

TEST(SamplerTest, WalksTheCumulativeDistributionInOrderOfId) {
  const std::vector<double> p = {0.25, 0.0, 0.5, 0.25};
  EXPECT_EQ(PickToken(p, {}, 0.0), 0u);
  EXPECT_EQ(PickToken(p, {}, 0.2499), 0u);
  EXPECT_EQ(PickToken(p, {}, 0.25), 2u);
  EXPECT_EQ(PickToken(p, {}, 0.7499), 2u);
  EXPECT_EQ(PickToken(p, {}, 0.75), 3u);
  EXPECT_EQ(PickToken(p, {}, std::nextafter(1.0, 0.0)), 3u);
}

TEST(SamplerTest, NeverPicksATokenOfProbabilityZero) {
  EXPECT_EQ(PickToken(std::vector<double>{0.0, 1.0, 0.0}, {}, 0.0), 1u);
  EXPECT_EQ(PickToken(std::vector<double>{0.0, 0.3, 0.7, 0.0}, {}, std::nextafter(1.0, 0.0)), 2u);
  SamplerOptions top_k;
  top_k.top_k = 3;
  EXPECT_EQ(PickToken(std::vector<double>{0.0, 1.0, 0.0, 0.0}, top_k, 0.0), 1u);
}

TEST(SamplerTest, ManyTokensAreWalkedAsFewAre) {
  RandomStream random(6, RandomPurpose::kSampling, 0);
  std::vector<double> p(5000);
  for (double& value : p) value = random.Below(3) == 0 ? 0.0 : std::exp(-12.0 * random.Uniform());
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (int draw = 0; draw < 3000; ++draw) {
    const double uniform = draw < 2 ? std::nextafter(1.0, 0.0) * (1 - draw) : random.Uniform();
    double sum = 0.0;
    uint32_t wanted = 0;  // the last, should no sum be above
    for (uint32_t id = 0; id < p.size() && sum <= uniform * total; ++id) {
      if (p[id] > 0.0) wanted = id;
      sum += p[id];
    }
    ASSERT_EQ(PickToken(p, {}, uniform), wanted) << uniform;
  }
}

TEST(SamplerTest, GreedyTakesTheLowestIdOfEquals) {
  SamplerOptions greedy;
  greedy.temperature = 0.0;
  EXPECT_EQ(PickToken(std::vector<double>{0.1, 0.4, 0.1, 0.4}, greedy, 0.99), 1u);
}

// Tokens that some uniform number picks.
std::vector<uint32_t> Support(const std::vector<double>& p, uint32_t top_k, double top_p,
                              double min_p = 0.0) {
  SamplerOptions options;
  options.min_p = min_p;
  options.top_k = top_k;
  options.top_p = top_p;
  std::vector<uint32_t> support;
  for (int i = 0; i < 1000; ++i) support.push_back(PickToken(p, options, i / 1000.0));
  EXPECT_TRUE(std::is_sorted(support.begin(), support.end()));
  support.erase(std::unique(support.begin(), support.end()), support.end());
  return support;
}

TEST(SamplerTest, FiltersKeepTheMostProbable) {
  using Ids = std::vector<uint32_t>;
  const std::vector<double> p = {0.0625, 0.3125, 0.25, 0.3125, 0.0625};
  EXPECT_EQ(Support(p, 0, 1.0), (Ids{0, 1, 2, 3, 4}));
  EXPECT_EQ(Support(p, 1, 1.0), (Ids{1}));
  EXPECT_EQ(Support(p, 3, 1.0), (Ids{1, 2, 3}));
  EXPECT_EQ(Support(p, 4, 1.0), (Ids{0, 1, 2, 3}));  // of equals the lower id stays
  EXPECT_EQ(Support(p, 0, 0.3125), (Ids{1}));
  EXPECT_EQ(Support(p, 0, 0.32), (Ids{1, 3}));
  EXPECT_EQ(Support(p, 0, 0.75), (Ids{1, 2, 3}));
  EXPECT_EQ(Support(p, 0, 1e-9), (Ids{1}));
  // Within the three that top_k leaves (0.875 together), 0.7 of them is 0.6125: two reach it.
  EXPECT_EQ(Support(p, 3, 0.7), (Ids{1, 3}));
  // By the most probable, 0.3125: a fifth of it is 0.0625, which stays; of it more than four fifths do not.
  EXPECT_EQ(Support(p, 0, 1.0, 0.2), (Ids{0, 1, 2, 3, 4}));
  EXPECT_EQ(Support(p, 0, 1.0, 0.21), (Ids{1, 2, 3}));
  EXPECT_EQ(Support(p, 0, 1.0, 0.8), (Ids{1, 2, 3}));
  EXPECT_EQ(Support(p, 0, 1.0, 0.81), (Ids{1, 3}));
  EXPECT_EQ(Support(p, 0, 1.0, 1.0), (Ids{1, 3}));
  EXPECT_EQ(Support(p, 2, 1.0, 0.2), (Ids{1, 3}));
  EXPECT_EQ(Support(p, 0, 0.75, 0.81), (Ids{1, 3}));
}

TEST(SamplerTest, TopPAgreesWithSortingEverything) {
  RandomStream random(5, RandomPurpose::kSampling, 0);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> p(1 + random.Below(40));
    for (double& value : p) value = std::exp(6.0 * random.Uniform());
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& value : p) value /= sum;
    const double top_p = 0.05 + 0.9 * random.Uniform();

    std::vector<uint32_t> order(p.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return p[a] > p[b]; });
    std::vector<uint32_t> kept;
    double reached = 0.0;
    for (const uint32_t id : order) {
      if (reached >= top_p) break;
      kept.push_back(id);
      reached += p[id];
    }
    SamplerOptions options;
    options.top_p = top_p;
    for (int draw = 0; draw < 20; ++draw) {
      EXPECT_TRUE(std::count(kept.begin(), kept.end(), PickToken(p, options, random.Uniform())));
    }
    // The least probable of the kept can be picked: nothing is missing.
    const uint32_t rarest = kept.back();
    double below = 0.0;
    for (const uint32_t id : kept) below += id < rarest ? p[id] : 0.0;
    EXPECT_EQ(PickToken(p, options, (below + 0.5 * p[rarest]) / reached), rarest);
  }
}

// Pearson's statistic of `draws` tokens against probabilities; degrees of freedom: tokens - 1.
double ChiSquare(const std::vector<int>& counts, const std::vector<double>& probabilities, int draws) {
  double sum = 0.0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * draws;
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

TEST(SamplerTest, FrequenciesAreTheSoftmaxAtTheTemperature) {
  const std::vector<double> logits = {1.0, -0.5, 2.0, 0.0, 0.3, -2.0};
  const torch::Tensor logits_1V = at::tensor(logits, at::kDouble).to(at::kFloat).unsqueeze(0);
  constexpr int kDraws = 40000;
  for (const double temperature : {1.0, 0.5, 3.0}) {
    std::vector<double> wanted;
    double sum = 0.0;
    for (const double logit : logits) wanted.push_back(std::exp(static_cast<float>(logit) / temperature));
    for (const double w : wanted) sum += w;
    for (double& w : wanted) w /= sum;

    std::vector<Draw> draws(kDraws);
    for (int i = 0; i < kDraws; ++i) {
      draws[i].options.temperature = temperature;
      draws[i].uniform = SamplingUniform(/*run_seed=*/9, /*group=*/i / 8, /*response=*/i % 8, /*position=*/3);
    }
    std::vector<int> counts(logits.size(), 0);
    for (const Drawn& drawn : DrawTokens(logits_1V, std::vector<int64_t>(kDraws, 0), draws)) {
      ASSERT_TRUE(drawn.finite);
      ++counts[drawn.token];
      EXPECT_NEAR(drawn.logprob, std::log(wanted[drawn.token]), 1e-6);
    }
    EXPECT_LT(ChiSquare(counts, wanted, kDraws), 20.5) << temperature;  // 5 degrees of freedom: p = 0.001
  }
}

TEST(ScorerTest, RecordsTheFullSoftmaxWhateverTheFilter) {
  const torch::Tensor logits_RV = at::tensor({0.0F, 1.0F, 2.0F, 5.0F, 1.0F, 0.0F}).reshape({2, 3});
  std::vector<Draw> draws(3);
  draws[0].options.top_k = 1;
  draws[0].options.temperature = 2.0;
  draws[1].options.temperature = 0.0;
  draws[2].options.top_p = 0.5;
  const std::vector<Drawn> drawn = DrawTokens(logits_RV, {0, 1, 0}, draws);
  EXPECT_EQ(drawn[0].token, 2u);
  EXPECT_NEAR(drawn[0].logprob, 1.0 - std::log(1.0 + std::exp(0.5) + std::exp(1.0)), 1e-6);
  EXPECT_EQ(drawn[1].token, 0u);  // temperature 0 records temperature 1
  EXPECT_NEAR(drawn[1].logprob, 5.0 - std::log(std::exp(5.0) + std::exp(1.0) + 1.0), 1e-6);
  EXPECT_EQ(drawn[2].token, 2u);
  EXPECT_NEAR(drawn[2].logprob, 2.0 - std::log(1.0 + std::exp(1.0) + std::exp(2.0)), 1e-6);
}

// Bit for bit, in batches of mixed temperatures and of one, and for several responses that begin at one prompt.
TEST(ScorerTest, RecordsWhatTheLearnerComputes) {
  at::manual_seed(8);
  const torch::Tensor logits_RV = at::randn({5, 1003}) * 3.0;
  const std::vector<int64_t> rows = {0, 0, 1, 2, 3, 4};
  for (const double second : {1.0, 0.7}) {
    std::vector<Draw> draws(rows.size());
    for (size_t i = 0; i < draws.size(); ++i) {
      draws[i].options.temperature = i % 2 == 0 ? 1.0 : second;
      draws[i].uniform = 0.13 * static_cast<double>(i + 1);
    }
    const std::vector<Drawn> drawn = DrawTokens(logits_RV, rows, draws);
    for (size_t i = 0; i < draws.size(); ++i) {
      const torch::Tensor target = at::tensor({static_cast<int64_t>(drawn[i].token)}, at::kLong);
      const torch::Tensor logprob =
          model::ops::ScoreTokens(logits_RV.narrow(0, rows[i], 1), target, draws[i].options.temperature, true)
              .logprobs_R;
      EXPECT_EQ(drawn[i].logprob, logprob.item<float>()) << i;
    }
  }
}

TEST(ScorerTest, SaysWhichRowsAreNotFinite) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const torch::Tensor logits_RV =
      at::tensor({0.0F, nan, 1.0F, inf, 0.0F, 0.0F, -inf, -inf, -inf, -inf, 0.0F, 1.0F}).reshape({4, 3});
  const std::vector<Drawn> drawn = DrawTokens(logits_RV, {0, 1, 2, 3}, std::vector<Draw>(4));
  EXPECT_FALSE(drawn[0].finite);
  EXPECT_FALSE(drawn[1].finite);
  EXPECT_FALSE(drawn[2].finite);
  EXPECT_TRUE(drawn[3].finite);  // a forbidden token is no error
  EXPECT_NE(drawn[3].token, 0u);
}

TEST(ScorerTest, LargeVocabulariesGoInChunks) {
  const int64_t vocabulary = 300000;  // three rows a chunk
  torch::Tensor logits_RV = at::zeros({8, vocabulary});
  for (int64_t r = 0; r < 8; ++r) logits_RV[r][1000 * r + 7] = 100.0F;
  std::vector<Draw> draws(8);
  for (Draw& draw : draws) draw.uniform = 0.5;
  const std::vector<Drawn> drawn = DrawTokens(logits_RV, {7, 6, 5, 4, 3, 2, 1, 0}, draws);
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(drawn[i].token, 1000 * (7 - i) + 7);
}

TEST(MostProbableTokensTest, InTheOrderOfTheirProbability) {
  EXPECT_EQ(MostProbableTokens({0.1, 0.3, 0.1, 0.4, 0.1}, 3), (std::vector<uint32_t>{3, 1, 0}));
  EXPECT_EQ(MostProbableTokens({0.0, 2.0, 0.0}, 9), (std::vector<uint32_t>{1, 0, 2}));
  EXPECT_TRUE(MostProbableTokens({1.0, 2.0}, 0).empty());
}

}  // namespace
}  // namespace drover::actor
