#include "learner/adamw.h"

#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include <cmath>
#include <cstring>

namespace drover::learner {
namespace {

AdamWOptions Options() {
  AdamWOptions options;
  options.weight_decay = 0.1;
  return options;
}

std::vector<torch::Tensor> Parameters() {
  at::manual_seed(7);
  return {at::randn({5, 33}).requires_grad_(), at::randn({7}).requires_grad_()};
}

std::vector<torch::Tensor> Gradients(int step) {
  at::manual_seed(100 + step);
  return {at::randn({5, 33}), at::randn({7}) * 1e-3};
}

TEST(AdamW, IsPyTorchs) {
  const std::vector<torch::Tensor> own = Parameters();
  const std::vector<torch::Tensor> theirs = Parameters();
  AdamW adamw(own, Options());
  torch::optim::AdamW oracle(theirs,
                             torch::optim::AdamWOptions(3e-3).betas({0.9, 0.95}).eps(1e-8).weight_decay(0.1));
  for (int step = 0; step < 20; ++step) {
    adamw.Step(Gradients(step), 3e-3);
    for (size_t i = 0; i < theirs.size(); ++i) torch::Tensor(theirs[i]).mutable_grad() = Gradients(step)[i];
    oracle.step();
  }
  for (size_t i = 0; i < own.size(); ++i) EXPECT_LT((own[i] - theirs[i]).abs().max().item<double>(), 2e-6);
}

TEST(AdamW, IsTheFormula) {
  const double start = 0.75;
  torch::Tensor weight = at::full({1}, start).requires_grad_();
  AdamW adamw({weight}, Options());
  double w = start, m = 0.0, v = 0.0;
  for (int t = 1; t <= 10; ++t) {
    const double g = std::sin(t);
    m = 0.9 * m + 0.1 * g;
    v = 0.95 * v + 0.05 * g * g;
    w -= 0.01 * 0.1 * w;
    w -= 0.01 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8);
    adamw.Step({at::full({1}, g)}, 0.01);
  }
  EXPECT_NEAR(weight.item<double>(), w, 1e-6);
  EXPECT_NEAR(adamw.first_moments()[0].item<double>(), m, 1e-6);
  EXPECT_NEAR(adamw.second_moments()[0].item<double>(), v, 1e-6);
  EXPECT_EQ(adamw.steps(), 10u);
}

// A parameter with a scale of its own steps as one of that rate does; the others as if it were not there.
TEST(AdamW, RateScalesAreOfTheirParameters) {
  const std::vector<torch::Tensor> scaled = Parameters(), slow = Parameters(), quick = Parameters();
  AdamW both(scaled, Options(), {1.0, 10.0}), all_slow(slow, Options()), all_quick(quick, Options());
  for (int step = 0; step < 5; ++step) {
    both.Step(Gradients(step), 1e-3);
    all_slow.Step(Gradients(step), 1e-3);
    all_quick.Step(Gradients(step), 10.0 * 1e-3);
  }
  EXPECT_TRUE(scaled[0].equal(slow[0]));
  EXPECT_TRUE(scaled[1].equal(quick[1]));
  EXPECT_FALSE(scaled[1].equal(slow[1]));
}

TEST(AdamW, LearningRateZeroKeepsEveryBit) {
  torch::Tensor weight = at::tensor({-0.0f, 0.0f, 1.5f, -3e-40f}).requires_grad_();
  const torch::Tensor before = weight.detach().clone();
  AdamW adamw({weight}, Options());
  for (int step = 0; step < 3; ++step) adamw.Step({at::tensor({-1.0f, 1.0f, -1.0f, 1.0f})}, 0.0);
  EXPECT_EQ(std::memcmp(weight.data_ptr(), before.data_ptr(), before.nbytes()), 0);
  EXPECT_EQ(adamw.steps(), 3u);
}

// As torch's: the moments go on, so that a learning rate that comes back finds them.
TEST(AdamW, LearningRateZeroMovesTheMoments) {
  const std::vector<torch::Tensor> still = Parameters(), moving = Parameters();
  AdamW zero(still, Options()), usual(moving, Options());
  for (int step = 0; step < 4; ++step) {
    zero.Step(Gradients(step), 0.0);
    usual.Step(Gradients(step), 1e-3);
  }
  for (size_t i = 0; i < still.size(); ++i) {
    EXPECT_TRUE(at::allclose(zero.first_moments()[i], usual.first_moments()[i], 1e-5, 1e-8));
    EXPECT_TRUE(at::allclose(zero.second_moments()[i], usual.second_moments()[i], 1e-5, 1e-8));
    EXPECT_GT(zero.second_moments()[i].abs().max().item<double>(), 0.0);
  }
}

TEST(AdamW, ResetForgets) {
  const std::vector<torch::Tensor> first = Parameters();
  const std::vector<torch::Tensor> second = Parameters();
  AdamW used(first, Options());
  used.Step(Gradients(0), 0.1);
  {
    at::NoGradGuard no_grad;
    for (size_t i = 0; i < first.size(); ++i) first[i].detach().copy_(second[i]);
  }
  used.Reset();
  AdamW fresh(second, Options());
  used.Step(Gradients(1), 0.1);
  fresh.Step(Gradients(1), 0.1);
  for (size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(at::equal(first[i], second[i]));
}

// Packed weights (model/packed_weight.h) are packed again when LibTorch has counted a change.
TEST(AdamW, AStepCountsAsAChangeOfTheWeights) {
  const torch::Tensor weight = at::ones({3}).requires_grad_();
  const auto before = weight._version();
  AdamW adamw({weight}, {});
  adamw.Step({at::ones({3})}, 0.1);
  EXPECT_NE(weight._version(), before);
  EXPECT_FALSE(weight.equal(at::ones({3})));
}

}  // namespace
}  // namespace drover::learner
