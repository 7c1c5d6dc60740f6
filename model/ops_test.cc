#include "model/ops.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drover::model::ops {
namespace {

TEST(ScoreTokens, ByHand) {
  const torch::Tensor logits_RV = at::tensor({0.0F, 1.0F, 2.0F, 5.0F, 1.0F, 0.0F}).reshape({2, 3});
  const TokenScores scores = ScoreTokens(logits_RV, at::tensor({2, 0}, at::kLong), 2.0, /*entropy=*/true);
  const double sum = 1.0 + std::exp(0.5) + std::exp(1.0);
  EXPECT_NEAR(scores.logprobs_R[0].item<double>(), 1.0 - std::log(sum), 1e-6);
  EXPECT_NEAR(scores.logprobs_R[1].item<double>(), 2.5 - std::log(std::exp(2.5) + std::exp(0.5) + 1.0), 1e-6);
  EXPECT_NEAR(scores.entropy_R[0].item<double>(), std::log(sum) - (0.5 * std::exp(0.5) + std::exp(1.0)) / sum,
              1e-6);
  EXPECT_FALSE(
      ScoreTokens(logits_RV, at::tensor({2, 0}, at::kLong), 2.0, /*entropy=*/false).entropy_R.defined());
}

TEST(ScoreTokens, AForbiddenTokenAddsNothingToTheEntropy) {
  const float inf = std::numeric_limits<float>::infinity();
  const torch::Tensor logits_RV = at::tensor({-inf, 0.0F, 0.0F}).reshape({1, 3});
  const TokenScores scores = ScoreTokens(logits_RV, at::tensor({1}, at::kLong), 1.0, /*entropy=*/true);
  EXPECT_NEAR(scores.entropy_R.item<double>(), std::log(2.0), 1e-6);
}

// What makes the gap of actor and learner a matter of the logits alone.
TEST(ScoreTokens, ARowsBitsDoNotDependOnItsCompany) {
  at::manual_seed(4);
  const torch::Tensor logits_RV = at::randn({37, 1003}) * 4.0;
  const torch::Tensor targets_R = at::randint(0, 1003, {37}, at::kLong);
  for (double temperature : {1.0, 0.6}) {
    const torch::Tensor together_R = ScoreTokens(logits_RV, targets_R, temperature, true).logprobs_R;
    for (int64_t r = 0; r < 37; ++r) {
      const torch::Tensor alone_R =
          ScoreTokens(logits_RV.narrow(0, r, 1), targets_R.narrow(0, r, 1), temperature, false).logprobs_R;
      EXPECT_TRUE(alone_R.equal(together_R.narrow(0, r, 1))) << r;
    }
  }
}

}  // namespace
}  // namespace drover::model::ops
