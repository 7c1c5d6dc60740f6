#include "model/ops.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drover::model::ops {
namespace {

double At(const torch::Tensor& x, int64_t i) { return x.flatten()[i].item<double>(); }

TEST(Norm, TheOffsetIsAddedToTheWeight) {
  const torch::Tensor x = at::tensor({3.0F, 4.0F});
  const torch::Tensor weight = at::tensor({0.5F, -0.25F});
  const double scale = 1.0 / std::sqrt(12.5 + 0.1);
  const torch::Tensor plain = Norm(x, weight, {.eps = 0.1}, at::kFloat, at::kFloat);
  EXPECT_NEAR(At(plain, 1), 4.0 * scale * -0.25, 1e-6);
  const torch::Tensor offset = Norm(x, weight, {.eps = 0.1, .offset = 1.0}, at::kFloat, at::kFloat);
  EXPECT_NEAR(At(offset, 0), 3.0 * scale * 1.5, 1e-6);
  EXPECT_NEAR(At(offset, 1), 4.0 * scale * 0.75, 1e-6);
}

TEST(GatedActivation, ByHand) {
  const torch::Tensor gate = at::tensor({-1.5F, 0.7F}), up = at::tensor({2.0F, 3.0F});
  const auto silu = [](double x) { return x / (1.0 + std::exp(-x)); };
  const auto gelu = [](double x) {
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
  };
  EXPECT_NEAR(At(GatedActivation(gate, up, Activation::kSilu), 0), 2.0 * silu(-1.5), 1e-6);
  EXPECT_NEAR(At(GatedActivation(gate, up, Activation::kGeluTanh), 0), 2.0 * gelu(-1.5), 1e-6);
  EXPECT_NEAR(At(GatedActivation(gate, up, Activation::kGeluTanh), 1), 3.0 * gelu(0.7), 1e-6);
}

TEST(Embed, TheScaleIsRoundedAsTheTableIs) {
  const torch::Tensor ids = at::tensor({1}, at::kLong), table = at::tensor({9.0F, 0.5F}).reshape({2, 1});
  EXPECT_NEAR(At(Embed(ids, table, std::sqrt(3072.0), at::kFloat), 0), 0.5 * std::sqrt(3072.0), 1e-6);
  EXPECT_EQ(At(Embed(ids, table, std::sqrt(3072.0), at::kBFloat16), 0), 0.5 * 55.5);
}

TEST(Logits, AreCappedByTanh) {
  const torch::Tensor hidden = at::tensor({2.0F, 1.0F}).reshape({1, 2});
  const torch::Tensor head = at::tensor({3.0F, 4.0F}).reshape({1, 2});
  EXPECT_EQ(At(Logits(hidden, {head, {}, nullptr}, /*soft_cap=*/0.0, at::kFloat), 0), 10.0);
  EXPECT_NEAR(At(Logits(hidden, {head, {}, nullptr}, /*soft_cap=*/4.0, at::kFloat), 0), 4.0 * std::tanh(2.5),
              1e-6);
}

// Number 0 turns against number 1; the third stays.
TEST(Rotate, TheFirstNumbersOfAHead) {
  const RopeAngles angles = MakeRopeAngles(at::tensor({0.25F}), /*scale=*/1.5, at::tensor({3}, at::kLong));
  const torch::Tensor turned = Rotate(at::tensor({2.0F, 5.0F, 7.0F}).reshape({1, 1, 3}), angles, at::kFloat);
  EXPECT_NEAR(At(turned, 0), 1.5 * (2.0 * std::cos(0.75) - 5.0 * std::sin(0.75)), 1e-5);
  EXPECT_NEAR(At(turned, 1), 1.5 * (2.0 * std::sin(0.75) + 5.0 * std::cos(0.75)), 1e-5);
  EXPECT_EQ(At(turned, 2), 7.0);
}

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
