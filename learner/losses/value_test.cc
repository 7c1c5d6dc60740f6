// The value loss by worked arithmetic, against autograd of its plain formula, and as TRL writes it.
#include "learner/losses/value.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "learner/losses/make_loss.h"

namespace drover::learner {
namespace {

torch::Tensor ValueNumbers(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

LossTokens ValueTokens(const torch::Tensor& values, const torch::Tensor& old, const torch::Tensor& targets) {
  LossTokens tokens;
  tokens.values_K = values;
  tokens.old_values_K = old;
  tokens.value_targets_K = targets;
  return tokens;
}

// One line of trl's PPOTrainer after the other, without its mask.
torch::Tensor TrlValueLoss(const torch::Tensor& vpred, const torch::Tensor& values,
                           const torch::Tensor& returns, double cliprange_value) {
  const torch::Tensor vpredclipped = at::clamp(vpred, values - cliprange_value, values + cliprange_value);
  const torch::Tensor vf_losses1 = at::square(vpred - returns);
  const torch::Tensor vf_losses2 = at::square(vpredclipped - returns);
  return 0.5 * at::max(vf_losses1, vf_losses2).mean();
}

// Old values 0, clip 0.25, target 1. A value of 0.5 has gone too far already: the clipped one's square counts, without a
// gradient. One of -0.5 went the wrong way, and its own counts. 0.125 is inside.
TEST(ValueLoss, ByHand) {
  const torch::Tensor values = ValueNumbers({0.5, -0.5, 0.125}).requires_grad_();
  LossSums sums;
  const torch::Tensor loss =
      ValueLoss(/*coefficient=*/4.0, /*clip=*/0.25)
          .PerToken(ValueTokens(values, ValueNumbers({0, 0, 0}), ValueNumbers({1, 1, 1})), &sums);
  const torch::Tensor expected = 2.0 * ValueNumbers({0.5625, 2.25, 0.765625});
  EXPECT_TRUE(loss.equal(expected)) << loss;
  EXPECT_EQ(sums.value_loss.item<double>(), 0.5 * (0.5625 + 2.25 + 0.765625));
  loss.sum().backward();
  EXPECT_TRUE(values.grad().equal(4.0 * ValueNumbers({0.0, -1.5, -0.875}))) << values.grad();
}

TEST(ValueLoss, WithoutAClipIsTheSquare) {
  const torch::Tensor values = ValueNumbers({3.0, -1.0}).requires_grad_();
  LossSums sums;
  const torch::Tensor loss =
      ValueLoss(2.0, /*clip=*/0.0)
          .PerToken(ValueTokens(values, ValueNumbers({0, 0}), ValueNumbers({1, 1})), &sums);
  EXPECT_TRUE(loss.equal(ValueNumbers({4.0, 4.0})));
  loss.sum().backward();
  EXPECT_TRUE(values.grad().equal(ValueNumbers({4.0, -4.0})));
}

TEST(ValueLoss, IsThatOfTrl) {
  at::manual_seed(3);
  const torch::Tensor old = at::randn({200}, at::kDouble), targets = at::randn({200}, at::kDouble);
  const torch::Tensor start = old + 0.3 * at::randn({200}, at::kDouble);
  const torch::Tensor ours = start.clone().requires_grad_(), theirs = start.clone().requires_grad_();
  LossSums sums;
  const torch::Tensor loss = ValueLoss(1.0, 0.2).PerToken(ValueTokens(ours, old, targets), &sums).mean();
  const torch::Tensor expected = TrlValueLoss(theirs, old, targets, 0.2);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-14);
  loss.backward();
  expected.backward();
  EXPECT_LT((ours.grad() - theirs.grad()).abs().max().item<double>(), 1e-15);
  EXPECT_GT((ours.grad() == 0.0).sum().item<int64_t>(), 10) << "so that clipping is tested";
}

// Beside the surrogate, by the tokens' weights.
TEST(ValueLoss, IsATermOfTheStep) {
  LossOptions options;
  options.aggregation = Aggregation::kTokens;
  options.value_coefficient = 0.5;
  LossTokens tokens = ValueTokens(ValueNumbers({1.0, 0.0}), ValueNumbers({0, 0}), ValueNumbers({0, 2}));
  tokens.logprobs_K = tokens.old_logprobs_K = ValueNumbers({-1, -2});
  tokens.entropy_K = ValueNumbers({0, 0});
  tokens.advantages_K = ValueNumbers({0.25, 0.0});
  tokens.lengths_K = ValueNumbers({1, 1});
  const Loss loss = MakeLoss(options);
  EXPECT_TRUE(loss.needs().values);
  EXPECT_TRUE(loss.WantsZeroAdvantage());
  EXPECT_EQ(loss.Compute(tokens, {/*responses=*/2, /*tokens=*/4}).loss.item<double>(),
            (-0.25 + 0.25 * (1.0 + 4.0)) / 4.0);
  EXPECT_FALSE(MakeLoss({}).needs().values);
}

}  // namespace
}  // namespace drover::learner
