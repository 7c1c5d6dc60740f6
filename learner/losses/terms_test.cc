// The terms and weights of the policy loss by worked arithmetic, through the losses that recipes make of them.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "learner/losses/cross_entropy.h"
#include "learner/losses/make_loss.h"

namespace drover::learner {
namespace {

// The loss of a step of `responses`.
LossResult PolicyLoss(const LossTokens& tokens, int64_t responses, const LossOptions& options) {
  LossTokens given = tokens;
  given.entropy_K = at::zeros_like(tokens.advantages_K);
  return MakeLoss(options).Compute(given, {responses, /*tokens=*/0});
}

torch::Tensor Doubles(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

// Two responses: A = +0.5 with two tokens of ratio 1 and 1.5, A = -0.5 with three of ratio 0.5, 2 and 1.
LossTokens TwoResponses() {
  LossTokens tokens;
  const torch::Tensor ratio_K = Doubles({1.0, 1.5, 0.5, 2.0, 1.0});
  tokens.old_logprobs_K = Doubles({-1.0, -2.0, -0.5, -3.0, -0.25});
  tokens.logprobs_K = (tokens.old_logprobs_K + ratio_K.log()).requires_grad_();
  tokens.advantages_K = Doubles({0.5, 0.5, -0.5, -0.5, -0.5});
  tokens.lengths_K = Doubles({2, 2, 3, 3, 3});
  return tokens;
}

LossOptions Budget10() {
  LossOptions options;
  options.budget = 10;
  return options;
}

void ExpectNear(const torch::Tensor& got, const std::vector<double>& expected, double tolerance = 1e-12) {
  ASSERT_EQ(got.size(0), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(got[i].item<double>(), expected[i], tolerance) << "at " << i;
  }
}

// Terms by hand, epsilon 0.2: -min(0.5, 0.5), -min(0.75, 0.6), -min(-0.25, -0.4), -min(-1, -0.6), -min(-0.5, -0.5)
// = -0.5, -0.6, 0.4, 1, 0.5; their sum is 0.8.
TEST(PolicyLoss, DrGrpoByHand) {
  LossTokens tokens = TwoResponses();
  const LossResult result = PolicyLoss(tokens, /*responses=*/2, Budget10());
  EXPECT_NEAR(result.loss.item<double>(), 0.8 / 20.0, 1e-12);
  EXPECT_EQ(result.sums.clipped.item<double>(), 2.0);
  EXPECT_NEAR(result.sums.ratio.item<double>(), 6.0, 1e-12);
  EXPECT_NEAR(result.sums.ratio_max.item<double>(), 2.0, 1e-12);
  // rho - 1 - log rho
  EXPECT_NEAR(result.sums.kl_old.item<double>(),
              (0.5 - std::log(1.5)) + (-0.5 - std::log(0.5)) + (1.0 - std::log(2.0)), 1e-12);
  result.loss.backward();
  // -A rho / (N L), and 0 where the clip is live.
  ExpectNear(tokens.logprobs_K.grad(), {-0.025, 0.0, 0.0, 0.05, 0.025});
}

TEST(PolicyLoss, GrpoDividesByTheResponsesOwnLength) {
  LossTokens tokens = TwoResponses();
  LossOptions options = Budget10();
  options.aggregation = Aggregation::kResponseLength;
  const LossResult result = PolicyLoss(tokens, /*responses=*/2, options);
  EXPECT_NEAR(result.loss.item<double>(), (-1.1 / 2.0 + 1.9 / 3.0) / 2.0, 1e-12);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {-0.5 / 4.0, 0.0, 0.0, 1.0 / 6.0, 0.5 / 6.0});
}

TEST(PolicyLoss, ClipHigherMovesOnlyTheUpperEdge) {
  LossOptions options = Budget10();
  options.clip_high = 0.6;
  // The second token (ratio 1.5) is inside now: -0.75 for -0.6. The third stays clipped from below.
  const LossResult result = PolicyLoss(TwoResponses(), 2, options);
  EXPECT_NEAR(result.loss.item<double>(), (0.8 - 0.15) / 20.0, 1e-12);
  EXPECT_EQ(result.sums.clipped.item<double>(), 1.0);
}

TEST(PolicyLoss, KlToTheReferenceByHand) {
  LossTokens tokens;
  tokens.logprobs_K = Doubles({-1.0, -1.0}).requires_grad_();
  tokens.old_logprobs_K = Doubles({-1.0, -1.0});
  tokens.reference_logprobs_K = Doubles({-1.0 + std::log(2.0), -1.0 - std::log(4.0)});
  tokens.advantages_K = Doubles({0.0, 0.0});
  tokens.lengths_K = Doubles({2, 2});
  LossOptions options = Budget10();
  options.kl_coefficient = 0.5;
  const LossResult result = PolicyLoss(tokens, 1, options);
  const double kl = (2.0 - std::log(2.0) - 1.0) + (0.25 + std::log(4.0) - 1.0);
  EXPECT_NEAR(result.sums.kl_reference.item<double>(), kl, 1e-12);
  EXPECT_NEAR(result.loss.item<double>(), 0.5 * kl / 10.0, 1e-12);
  result.loss.backward();
  // d/dlogp (exp(d) - d - 1) = 1 - exp(d)
  ExpectNear(tokens.logprobs_K.grad(), {0.05 * (1.0 - 2.0), 0.05 * (1.0 - 0.25)});
}

TEST(PolicyLoss, KlExponentIsClamped) {
  LossTokens tokens;
  tokens.logprobs_K = Doubles({-200.0, -1.0}).requires_grad_();
  tokens.old_logprobs_K = tokens.logprobs_K.detach();
  tokens.reference_logprobs_K = Doubles({-1.0, -200.0});
  tokens.advantages_K = Doubles({0.0, 0.0});
  tokens.lengths_K = Doubles({2, 2});
  LossOptions options = Budget10();
  options.kl_coefficient = 1.0;
  const LossResult result = PolicyLoss(tokens, 1, options);
  const double kl = (std::exp(40.0) - 41.0) + (std::exp(-40.0) + 39.0);
  EXPECT_NEAR(result.sums.kl_reference.item<double>() / kl, 1.0, 1e-12);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {0.0, 0.0});
}

// Random tokens in double, whose ratios keep away from the edges of the clip.
LossTokens RandomTokens(int64_t count) {
  at::manual_seed(3);
  LossTokens tokens;
  const auto doubles = at::TensorOptions(at::kDouble);
  tokens.old_logprobs_K = -at::rand({count}, doubles) * 3.0;
  torch::Tensor log_ratio_K = at::randn({count}, doubles) * 0.4;
  for (double edge : {std::log(0.8), std::log(1.2)}) {
    log_ratio_K = at::where((log_ratio_K - edge).abs() < 0.01, log_ratio_K + 0.05, log_ratio_K);
  }
  tokens.logprobs_K = (tokens.old_logprobs_K + log_ratio_K).requires_grad_();
  tokens.reference_logprobs_K = tokens.old_logprobs_K + at::randn({count}, doubles) * 0.3;
  tokens.advantages_K = at::randn({count}, doubles);
  tokens.lengths_K = at::randint(1, 9, {count}, doubles);
  return tokens;
}

class PolicyLossGradient : public testing::TestWithParam<Aggregation> {};

TEST_P(PolicyLossGradient, IsThatOfFiniteDifferences) {
  LossOptions options = Budget10();
  options.aggregation = GetParam();
  options.clip_high = 0.3;
  options.kl_coefficient = 0.7;
  LossTokens tokens = RandomTokens(40);
  PolicyLoss(tokens, 6, options).loss.backward();
  const torch::Tensor gradient_K = tokens.logprobs_K.grad();
  constexpr double kStep = 1e-6;
  for (int64_t k = 0; k < 40; ++k) {
    double sides[2];
    for (int side = 0; side < 2; ++side) {
      LossTokens moved = tokens;
      moved.logprobs_K = tokens.logprobs_K.detach().clone();
      moved.logprobs_K[k] += side == 0 ? -kStep : kStep;
      sides[side] = PolicyLoss(moved, 6, options).loss.item<double>();
    }
    EXPECT_NEAR(gradient_K[k].item<double>(), (sides[1] - sides[0]) / (2.0 * kStep), 1e-8) << "token " << k;
  }
}

TEST_P(PolicyLossGradient, PiecesAddUp) {
  LossOptions options = Budget10();
  options.aggregation = GetParam();
  options.kl_coefficient = 0.1;
  const LossTokens tokens = RandomTokens(40);
  const double whole = PolicyLoss(tokens, 6, options).loss.item<double>();
  double sum = 0.0;
  double clipped = 0.0;
  for (const auto& [begin, end] : {std::pair{0, 1}, std::pair{1, 17}, std::pair{17, 17}, std::pair{17, 40}}) {
    const auto part = [begin = begin, end = end](const torch::Tensor& x_K) {
      return x_K.slice(0, begin, end);
    };
    LossTokens piece;
    piece.logprobs_K = part(tokens.logprobs_K);
    piece.old_logprobs_K = part(tokens.old_logprobs_K);
    piece.reference_logprobs_K = part(tokens.reference_logprobs_K);
    piece.advantages_K = part(tokens.advantages_K);
    piece.lengths_K = part(tokens.lengths_K);
    const LossResult result = PolicyLoss(piece, 6, options);
    sum += result.loss.item<double>();
    clipped += result.sums.clipped.item<double>();
  }
  EXPECT_NEAR(sum, whole, 1e-14);
  EXPECT_EQ(clipped, PolicyLoss(tokens, 6, options).sums.clipped.item<double>());
}

INSTANTIATE_TEST_SUITE_P(BothAggregations, PolicyLossGradient,
                         testing::Values(Aggregation::kConstant, Aggregation::kResponseLength));

// What lets a step leave responses out: tokens of advantage 0 add nothing, and their tokens stay in the denominators.
TEST(ZeroAdvantage, AddsNothingUnlessATermWantsIt) {
  LossOptions options = Budget10();
  LossTokens tokens = RandomTokens(20);
  tokens.advantages_K = at::zeros({20}, at::kDouble);
  EXPECT_FALSE(MakeLoss(options).WantsZeroAdvantage());
  const LossResult nothing = PolicyLoss(tokens, 3, options);
  nothing.loss.backward();
  EXPECT_EQ(nothing.loss.item<double>(), 0.0);
  EXPECT_EQ(tokens.logprobs_K.grad().abs().max().item<double>(), 0.0);
  options.kl_coefficient = 0.1;
  EXPECT_TRUE(MakeLoss(options).WantsZeroAdvantage());
  EXPECT_GT(PolicyLoss(tokens, 3, options).loss.item<double>(), 0.0);
}

// A = -0.5 of the last three tokens, ratio 0.5, 2 and 1: with c = 1.5 the term of ratio 2 is 0.75 where it was 1.
TEST(DualClip, BoundsWhatANegativeAdvantageCosts) {
  LossTokens tokens = TwoResponses();
  LossOptions options = Budget10();
  options.dual_clip = 1.5;
  const LossResult result = PolicyLoss(tokens, 2, options);
  EXPECT_NEAR(result.loss.item<double>(), (0.8 - 0.25) / 20.0, 1e-12);
  EXPECT_EQ(result.sums.clipped.item<double>(), 3.0);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {-0.025, 0.0, 0.0, 0.0, 0.025});
}

// Weights 1, 1.2, 0.8, 1.2 and 1 of log-probabilities; every token keeps its gradient.
TEST(Cispo, ClipsTheWeightAndKeepsTheGradient) {
  LossTokens tokens = TwoResponses();
  LossOptions options = Budget10();
  options.surrogate = Surrogate::kCispo;
  const LossResult result = PolicyLoss(tokens, 2, options);
  EXPECT_EQ(result.sums.clipped.item<double>(), 3.0);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {-0.5 / 20, -0.6 / 20, 0.4 / 20, 0.6 / 20, 0.5 / 20});
}

TEST(Reinforce, IsThePolicyGradient) {
  LossTokens tokens = TwoResponses();
  LossOptions options = Budget10();
  options.surrogate = Surrogate::kReinforce;
  const LossResult result = PolicyLoss(tokens, 2, options);
  EXPECT_EQ(result.sums.clipped.item<double>(), 0.0);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {-0.025, -0.025, 0.025, 0.025, 0.025});
}

// Response means of the log-ratios: log(1.5) / 2 and log(0.5 * 2 * 1) / 3 = 0, so that s = sqrt(1.5), clipped, and 1.
TEST(Gspo, HasOneRatioAResponse) {
  LossTokens tokens = TwoResponses();
  const double first = std::log(1.5);
  tokens.sequence_log_ratios_K = Doubles({first, first, 0.0, 0.0, 0.0});
  LossOptions options = Budget10();
  options.ratio = PolicyRatio::kPerResponse;
  options.aggregation = Aggregation::kResponseLength;
  EXPECT_TRUE(MakeLoss(options).needs().sequence_sums);
  const LossResult result = PolicyLoss(tokens, 2, options);
  EXPECT_NEAR(result.loss.item<double>(), (-1.2 * 0.5 + 0.5) / 2.0, 1e-12);
  EXPECT_EQ(result.sums.clipped.item<double>(), 2.0);
  result.loss.backward();
  ExpectNear(tokens.logprobs_K.grad(), {0.0, 0.0, 0.5 / 6, 0.5 / 6, 0.5 / 6});
}

// Weights of old policy to actor 4, 1, 0.25, 1 and 1 by token; 4 and 0.25 by response.
LossTokens WithActor() {
  LossTokens tokens = TwoResponses();
  tokens.actor_logprobs_K = tokens.old_logprobs_K - Doubles({4.0, 1.0, 0.25, 1.0, 1.0}).log();
  tokens.correction_sums_K = Doubles({4.0, 4.0, 0.25, 0.25, 0.25}).log();
  return tokens;
}

double Corrected(CorrectionKind kind, CorrectionLevel level, double masked, double weight) {
  LossOptions options = Budget10();
  options.correction = {kind, level, /*low=*/0.5, /*high=*/2.0};
  const LossResult result = PolicyLoss(WithActor(), 2, options);
  EXPECT_EQ(result.sums.masked.item<double>(), masked);
  EXPECT_NEAR(result.sums.weight.item<double>(), weight, 1e-12);
  return result.loss.item<double>() * 20.0;
}

// The terms are -0.5, -0.6, 0.4, 1 and 0.5 (DrGrpoByHand).
TEST(Correction, WeighsTheTerms) {
  const double two = std::cbrt(0.25);
  using Kind = CorrectionKind;
  using Level = CorrectionLevel;
  EXPECT_NEAR(Corrected(Kind::kTruncated, Level::kToken, 0, 5.25), -1.0 - 0.6 + 0.1 + 1.5, 1e-12);
  EXPECT_NEAR(Corrected(Kind::kMasked, Level::kToken, 2, 3), -0.6 + 1.5, 1e-12);
  EXPECT_NEAR(Corrected(Kind::kUntruncated, Level::kToken, 0, 7.25), -2.0 - 0.6 + 0.1 + 1.5, 1e-12);
  EXPECT_NEAR(Corrected(Kind::kTruncated, Level::kSequence, 0, 4.75), 2.0 * -1.1 + 0.25 * 1.9, 1e-12);
  EXPECT_NEAR(Corrected(Kind::kMasked, Level::kSequence, 5, 0), 0.0, 1e-12);
  EXPECT_NEAR(Corrected(Kind::kTruncated, Level::kGeometric, 0, 4.0 + 3.0 * two), 2.0 * -1.1 + two * 1.9,
              1e-12);
}

TEST(Correction, IsFiniteWhateverTheActorRecorded) {
  LossTokens tokens = WithActor();
  tokens.actor_logprobs_K = Doubles({-1e4, 0.0, 0.0, 0.0, 0.0});
  tokens.old_logprobs_K = Doubles({0.0, -1e4, -1.0, -1.0, -1.0});
  LossOptions options = Budget10();
  options.correction.kind = CorrectionKind::kUntruncated;
  EXPECT_TRUE(std::isfinite(PolicyLoss(tokens, 2, options).sums.weight.item<double>()));
}

// mean(log pi_actor - log pi_theta): -(log 4 + log 1.5) / 2 for the first response, log(4) / 3 = 0.46 for the second.
TEST(OffPolicyMask, LeavesOutWhatIsNoLongerSampled) {
  LossTokens tokens = WithActor();
  tokens.sequence_log_ratios_K = Doubles({1.5, 1.5, 1.0, 1.0, 1.0}).log();
  LossOptions options = Budget10();
  for (const auto& [threshold, loss] : {std::pair{0.4, -1.1}, std::pair{0.5, 0.8}}) {
    options.off_policy_mask = threshold;
    const LossResult result = PolicyLoss(tokens, 2, options);
    EXPECT_NEAR(result.loss.item<double>(), loss / 20.0, 1e-12);
    EXPECT_EQ(result.sums.masked.item<double>(), threshold == 0.4 ? 3.0 : 0.0);
  }
  // Never a response of positive advantage, however unlikely.
  tokens.correction_sums_K = Doubles({-9.0, -9.0, 9.0, 9.0, 9.0});
  EXPECT_EQ(PolicyLoss(tokens, 2, options).sums.masked.item<double>(), 0.0);
}

TEST(KlEstimators, ByHand) {
  const double d = std::log(2.0);
  const std::pair<KlEstimator, std::pair<double, double>> cases[] = {
      {KlEstimator::kK1, {-d, 1.0}},
      {KlEstimator::kK2, {d * d / 2.0, -d}},
      {KlEstimator::kK3, {1.0 - d, -1.0}},
      {KlEstimator::kK3WithK2Gradient, {1.0 - d, -d}}};
  for (const auto& [estimator, expected] : cases) {
    LossTokens tokens;
    tokens.logprobs_K = Doubles({-1.0}).requires_grad_();
    tokens.old_logprobs_K = Doubles({-1.0});
    tokens.reference_logprobs_K = Doubles({-1.0 + d});
    tokens.advantages_K = Doubles({0.0});
    tokens.lengths_K = Doubles({1.0});
    LossOptions options = Budget10();
    options.kl_coefficient = 1.0;
    options.kl_estimator = estimator;
    const LossResult result = PolicyLoss(tokens, 1, options);
    EXPECT_NEAR(result.loss.item<double>() * 10.0, expected.first, 1e-12);
    EXPECT_NEAR(result.sums.kl_reference.item<double>(), 1.0 - d, 1e-12) << "k3, whatever the estimator";
    result.loss.backward();
    EXPECT_NEAR(tokens.logprobs_K.grad()[0].item<double>() * 10.0, expected.second, 1e-12);
  }
}

// Lengths 2 and 3, and a third response of 5 that is masked: it counts in N and in the powers of lengths, not in the tokens.
TEST(TokenWeights, ByHand) {
  const StepSize step{/*responses=*/3, /*tokens=*/5, /*length_powers=*/1.0 / 2 + 1.0 / 3 + 1.0 / 5};
  const torch::Tensor lengths_K = Doubles({2, 2, 3, 3, 3});
  LossOptions options = Budget10();
  const auto weights = [&](Aggregation aggregation) {
    options.aggregation = aggregation;
    return TokenWeights(options, lengths_K, step);
  };
  const double long_one = 1.0 / 3 / (10 * step.length_powers),
               short_one = 1.0 / 2 / (10 * step.length_powers);
  ExpectNear(weights(Aggregation::kConstant), std::vector<double>(5, 1.0 / 30), 1e-15);
  ExpectNear(weights(Aggregation::kResponseLength), {1.0 / 6, 1.0 / 6, 1.0 / 9, 1.0 / 9, 1.0 / 9}, 1e-15);
  ExpectNear(weights(Aggregation::kTokens), std::vector<double>(5, 0.2), 1e-15);
  ExpectNear(weights(Aggregation::kVlNorm), {short_one, short_one, long_one, long_one, long_one}, 1e-15);
}

TEST(Needs, TheReferenceForTheKlTermAlone) {
  LossOptions options = Budget10();
  EXPECT_FALSE(MakeLoss(options).needs().reference);
  options.kl_coefficient = 0.1;
  EXPECT_TRUE(MakeLoss(options).needs().reference);
  EXPECT_FALSE(MakeLoss(options).needs().sequence_sums);
}

TEST(CrossEntropy, IsTheMeanOverTheStepsTokens) {
  const StepSize step = {/*responses=*/2, /*tokens=*/4};
  EXPECT_NEAR(CrossEntropy(Doubles({-1.0, -2.0}), {}, MeanOver::kTokens, step).item<double>(), 0.75, 1e-15);
}

TEST(CrossEntropy, WeighsTokensAndIsTheMeanOverExamples) {
  const StepSize step = {/*responses=*/2, /*tokens=*/4};
  const auto loss = [&](MeanOver mean_over) {
    return CrossEntropy(Doubles({-1.0, -2.0, -4.0}), Doubles({1.0, 0.0, 0.5}), mean_over, step)
        .item<double>();
  };
  EXPECT_NEAR(loss(MeanOver::kTokens), 3.0 / 4, 1e-15);
  EXPECT_NEAR(loss(MeanOver::kExamples), 3.0 / 2, 1e-15);
}

}  // namespace
}  // namespace drover::learner
