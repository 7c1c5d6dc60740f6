// Every published loss beside its plain formula: response by response, in double precision, differentiated by autograd as it
// stands, without the tricks that let the losses take flat tokens in any order and in any pieces.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <tuple>

#include "learner/losses/make_loss.h"

namespace drover::learner {
namespace {

constexpr int64_t kBudget = 12;
const auto kDoubles = at::TensorOptions(at::kDouble);

struct TestResponse {
  torch::Tensor now_T, old_T, reference_T, actor_T, entropy_T;  // now_T and entropy_T are leaves
  torch::Tensor advantages_T;
  int64_t length() const { return now_T.size(0); }
};

// Responses of 1 to 9 tokens; one of advantage 0, one whose advantages differ by token, unless its ratio is one. Ratios and
// weights of all sizes.
std::vector<TestResponse> MakeResponses(const LossOptions& options) {
  at::manual_seed(11);
  const std::vector<int64_t> lengths = {3, 1, 9, 4, 6, 2, 5};
  const std::vector<double> advantages = {0.75, -1.5, 0.5, 0.0, -0.25, 1.0};
  std::vector<TestResponse> responses;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const int64_t n = lengths[i];
    TestResponse response;
    response.old_T = -at::rand({n}, kDoubles) * 3.0 - 1.0;
    response.now_T = (response.old_T + at::randn({n}, kDoubles) * 0.5).requires_grad_();
    response.reference_T = response.old_T + at::randn({n}, kDoubles) * 0.3;
    response.actor_T = response.old_T + at::randn({n}, kDoubles) * 0.4;
    response.entropy_T = (at::rand({n}, kDoubles) * 2.0).requires_grad_();
    response.advantages_T =
        i < advantages.size() ? at::full({n}, advantages[i], kDoubles) : at::randn({n}, kDoubles);
    if (options.ratio == PolicyRatio::kPerResponse) {
      response.advantages_T = response.advantages_T[0].expand({n});
    }
    responses.push_back(response);
  }
  return responses;
}

// The step has one response more, of 7 tokens, which is masked.
constexpr int64_t kMaskedLength = 7;

StepSize SizeOf(const std::vector<TestResponse>& responses, const LossOptions& options) {
  StepSize step{static_cast<int64_t>(responses.size()) + 1};
  step.length_powers = std::pow(kMaskedLength, -options.length_exponent);
  for (const TestResponse& response : responses) {
    step.tokens += response.length();
    step.length_powers += std::pow(response.length(), -options.length_exponent);
  }
  return step;
}

double PlainWeight(const TestResponse& response, const StepSize& step, const LossOptions& options) {
  const double n = static_cast<double>(response.length());
  const double responses = static_cast<double>(step.responses);
  if (options.aggregation == Aggregation::kResponseLength) return 1.0 / (responses * n);
  if (options.aggregation == Aggregation::kTokens) return 1.0 / static_cast<double>(step.tokens);
  if (options.aggregation == Aggregation::kVlNorm) {
    return std::pow(n, -options.length_exponent) / (kBudget * step.length_powers);
  }
  return 1.0 / (responses * kBudget);
}

// [T], of numbers without a gradient.
torch::Tensor PlainFactor(const TestResponse& response, const LossOptions& options) {
  const int64_t n = response.length();
  torch::Tensor factor_T = at::ones({n}, kDoubles);
  const torch::Tensor mismatch_T = response.old_T - response.actor_T;
  for (int64_t t = 0; t < n && options.correction.kind != CorrectionKind::kNone; ++t) {
    double log_weight = mismatch_T[t].item<double>();
    if (options.correction.level != CorrectionLevel::kToken) log_weight = mismatch_T.sum().item<double>();
    if (options.correction.level == CorrectionLevel::kGeometric) log_weight /= static_cast<double>(n);
    double weight = std::exp(log_weight);
    if (options.correction.kind == CorrectionKind::kTruncated)
      weight = std::min(weight, options.correction.high);
    const bool inside = weight >= options.correction.low && weight <= options.correction.high;
    if (options.correction.kind == CorrectionKind::kMasked && !inside) weight = 0.0;
    factor_T[t] = weight;
  }
  const double drift = (response.actor_T - response.now_T).mean().item<double>();
  for (int64_t t = 0; t < n && options.off_policy_mask > 0.0; ++t) {
    if (response.advantages_T[t].item<double>() < 0.0 && drift > options.off_policy_mask) factor_T[t] = 0.0;
  }
  return factor_T;
}

// [T]; with one ratio for the whole response, each token has the response's term.
torch::Tensor PlainSurrogate(const TestResponse& response, const LossOptions& options) {
  const torch::Tensor a_T = response.advantages_T;
  if (options.surrogate == Surrogate::kReinforce) return -a_T * response.now_T;
  torch::Tensor ratio_T = (response.now_T - response.old_T).exp();
  if (options.ratio == PolicyRatio::kPerResponse) {
    ratio_T = (response.now_T - response.old_T).mean().exp().expand({response.length()});
  }
  const torch::Tensor clip_T = ratio_T.clamp(1.0 - options.clip_low, 1.0 + options.clip_high);
  if (options.surrogate == Surrogate::kCispo) return -clip_T.detach() * a_T * response.now_T;
  torch::Tensor term_T = at::maximum(-ratio_T * a_T, -clip_T * a_T);
  if (options.dual_clip > 0.0) {
    term_T = at::where(a_T < 0, at::minimum(term_T, -options.dual_clip * a_T), term_T);
  }
  return term_T;
}

torch::Tensor PlainKl(const TestResponse& response, KlEstimator estimator) {
  const torch::Tensor ratio_T = response.now_T - response.reference_T;  // log(pi_theta / pi_ref)
  const torch::Tensor k2_T = ratio_T.square() / 2.0;
  const torch::Tensor k3_T = 1.0 / ratio_T.exp() - 1.0 + ratio_T;
  if (estimator == KlEstimator::kK1) return ratio_T;
  if (estimator == KlEstimator::kK2) return k2_T;
  if (estimator == KlEstimator::kK3) return k3_T;
  return k3_T.detach() + k2_T - k2_T.detach();
}

torch::Tensor PlainLoss(const std::vector<TestResponse>& responses, const StepSize& step,
                        const LossOptions& options, double rollout_entropy) {
  torch::Tensor loss = at::zeros({}, kDoubles);
  for (const TestResponse& response : responses) {
    torch::Tensor term_T = PlainFactor(response, options) * PlainSurrogate(response, options);
    if (options.kl_coefficient > 0.0) {
      term_T = term_T + options.kl_coefficient * PlainKl(response, options.kl_estimator);
    }
    if (options.entropy_floor == 0.0 || rollout_entropy < options.entropy_floor) {
      term_T = term_T - options.entropy_coefficient * response.entropy_T;
    }
    loss = loss + PlainWeight(response, step, options) * term_T.sum();
  }
  return loss;
}

// All tokens of the responses, one response after the other.
LossTokens Flatten(const std::vector<TestResponse>& responses, double rollout_entropy) {
  std::vector<torch::Tensor> now, entropy, old, reference, actor, ratios, corrections, advantages, lengths;
  for (const TestResponse& response : responses) {
    const int64_t n = response.length();
    now.push_back(response.now_T.detach());
    entropy.push_back(response.entropy_T.detach());
    old.push_back(response.old_T);
    reference.push_back(response.reference_T);
    actor.push_back(response.actor_T);
    ratios.push_back((response.now_T - response.old_T).detach().sum().expand({n}));
    corrections.push_back((response.old_T - response.actor_T).sum().expand({n}));
    advantages.push_back(response.advantages_T);
    lengths.push_back(at::full({n}, static_cast<double>(n), kDoubles));
  }
  LossTokens tokens;
  tokens.logprobs_K = at::cat(now).requires_grad_();
  tokens.entropy_K = at::cat(entropy).requires_grad_();
  tokens.old_logprobs_K = at::cat(old);
  tokens.reference_logprobs_K = at::cat(reference);
  tokens.actor_logprobs_K = at::cat(actor);
  tokens.sequence_log_ratios_K = at::cat(ratios);
  tokens.correction_sums_K = at::cat(corrections);
  tokens.advantages_K = at::cat(advantages);
  tokens.lengths_K = at::cat(lengths);
  tokens.rollout_entropy = rollout_entropy;
  return tokens;
}

// The tokens `which`, sharing the leaves.
LossTokens Select(const LossTokens& tokens, const torch::Tensor& which) {
  LossTokens part = tokens;
  for (const auto field :
       {&LossTokens::logprobs_K, &LossTokens::entropy_K, &LossTokens::old_logprobs_K,
        &LossTokens::reference_logprobs_K, &LossTokens::actor_logprobs_K, &LossTokens::sequence_log_ratios_K,
        &LossTokens::correction_sums_K, &LossTokens::advantages_K, &LossTokens::lengths_K}) {
    part.*field = (tokens.*field).index_select(0, which);
  }
  return part;
}

struct Published {
  const char* name;
  LossOptions options;
};

LossOptions Options(const std::function<void(LossOptions&)>& change) {
  LossOptions options;
  options.budget = kBudget;
  change(options);
  return options;
}

std::vector<Published> Losses() {
  using O = LossOptions;
  std::vector<Published> losses = {
      {"DrGrpo", Options([](O&) {})},
      {"Grpo", Options([](O& o) { o.aggregation = Aggregation::kResponseLength; })},
      {"Dapo", Options([](O& o) { o.aggregation = Aggregation::kTokens, o.clip_high = 0.28; })},
      {"VlNorm", Options([](O& o) { o.aggregation = Aggregation::kVlNorm, o.length_exponent = 0.75; })},
      {"DualClip", Options([](O& o) { o.dual_clip = 1.4; })},
      {"Gspo", Options([](O& o) {
         o.ratio = PolicyRatio::kPerResponse, o.aggregation = Aggregation::kResponseLength;
       })},
      {"GspoDualClip", Options([](O& o) { o.ratio = PolicyRatio::kPerResponse, o.dual_clip = 1.21; })},
      {"Cispo", Options([](O& o) { o.surrogate = Surrogate::kCispo, o.aggregation = Aggregation::kTokens; })},
      {"Reinforce", Options([](O& o) { o.surrogate = Surrogate::kReinforce; })},
      {"OffPolicyMask", Options([](O& o) { o.off_policy_mask = 0.05; })},
      {"OffPolicyMaskOfDecoupledPpo",
       Options([](O& o) { o.off_policy_mask = 0.05, o.correction.kind = CorrectionKind::kUntruncated; })},
      {"EntropyBonus", Options([](O& o) { o.entropy_coefficient = 0.01; })},
      {"EntropyBelowTheFloor", Options([](O& o) { o.entropy_coefficient = 0.01, o.entropy_floor = 0.6; })},
      {"EntropyAboveTheFloor", Options([](O& o) { o.entropy_coefficient = 0.01, o.entropy_floor = 0.4; })},
  };
  const std::pair<const char*, KlEstimator> estimators[] = {
      {"K1", KlEstimator::kK1},
      {"K2", KlEstimator::kK2},
      {"K3", KlEstimator::kK3},
      {"K3WithK2Gradient", KlEstimator::kK3WithK2Gradient}};
  for (const auto& [name, estimator] : estimators) {
    losses.push_back({name, Options([estimator = estimator](O& o) {
                        o.kl_coefficient = 0.3, o.kl_estimator = estimator;
                      })});
  }
  const std::tuple<const char*, CorrectionKind, CorrectionLevel> corrections[] = {
      {"TruncatedToken", CorrectionKind::kTruncated, CorrectionLevel::kToken},
      {"TruncatedSequence", CorrectionKind::kTruncated, CorrectionLevel::kSequence},
      {"TruncatedGeometric", CorrectionKind::kTruncated, CorrectionLevel::kGeometric},
      {"IcePopToken", CorrectionKind::kMasked, CorrectionLevel::kToken},
      {"IcePopSequence", CorrectionKind::kMasked, CorrectionLevel::kSequence},
      {"IcePopGeometric", CorrectionKind::kMasked, CorrectionLevel::kGeometric},
      {"DecoupledPpo", CorrectionKind::kUntruncated, CorrectionLevel::kToken}};
  for (const auto& [name, kind, level] : corrections) {
    losses.push_back({name, Options([kind = kind, level = level](O& o) {
                        o.correction = {kind, level, /*low=*/0.9, /*high=*/1.1};
                      })});
  }
  return losses;
}

class PublishedLoss : public testing::TestWithParam<Published> {
 protected:
  PublishedLoss() : responses_(MakeResponses(options())), step_(SizeOf(responses_, options())) {
    torch::Tensor plain = PlainLoss(responses_, step_, options(), kEntropy);
    plain_ = plain.item<double>();
    plain.backward();
    std::vector<torch::Tensor> now, entropy;
    for (const TestResponse& response : responses_) {
      now.push_back(response.now_T.grad());
      const torch::Tensor of_entropy = response.entropy_T.grad();
      entropy.push_back(of_entropy.defined() ? of_entropy : at::zeros_like(response.now_T));
    }
    gradient_K_ = at::cat(now);
    entropy_gradient_K_ = at::cat(entropy);
  }

  const LossOptions& options() const { return GetParam().options; }

  // The loss is the plain one, and what `tokens` gathered are its gradients.
  void ExpectPlain(double loss, const LossTokens& tokens) const {
    EXPECT_NEAR(loss, plain_, 1e-13);
    EXPECT_LT((tokens.logprobs_K.grad() - gradient_K_).abs().max().item<double>(), 1e-13);
    if (options().entropy_coefficient == 0.0) return;
    EXPECT_LT((tokens.entropy_K.grad() - entropy_gradient_K_).abs().max().item<double>(), 1e-13);
  }

  static constexpr double kEntropy = 0.5;
  const std::vector<TestResponse> responses_;
  const StepSize step_;
  double plain_ = 0.0;
  torch::Tensor gradient_K_, entropy_gradient_K_;
};

TEST_P(PublishedLoss, IsItsFormula) {
  const LossTokens tokens = Flatten(responses_, kEntropy);
  const LossResult result = MakeLoss(options()).Compute(tokens, step_);
  result.loss.backward();
  ExpectPlain(result.loss.item<double>(), tokens);
}

// Microbatches and chunks of any sizes, tokens in any order, an empty piece among them.
TEST_P(PublishedLoss, KnowsNoBatching) {
  const LossTokens tokens = Flatten(responses_, kEntropy);
  const Loss loss = MakeLoss(options());
  const int64_t count = tokens.logprobs_K.size(0);
  const torch::Tensor order = at::randperm(count);
  const LossResult whole = loss.Compute(Select(tokens, order), step_);
  double sum = 0.0;
  LossSumsOf<double> sums;
  using Piece = std::pair<int64_t, int64_t>;
  for (const auto& [begin, end] : {Piece{0, 1}, Piece{1, 13}, Piece{13, 13}, Piece{13, count}}) {
    const LossResult part = loss.Compute(Select(tokens, order.slice(0, begin, end)), step_);
    part.loss.backward();
    sum += part.loss.item<double>();
    for (size_t i = 0; i < kLossSums<double>.size(); ++i) {
      sums.*kLossSums<double>[i] += (part.sums.*kLossSums<torch::Tensor>[i]).item<double>();
    }
  }
  ExpectPlain(sum, tokens);
  for (size_t i = 0; i < kLossSums<double>.size(); ++i) {
    EXPECT_NEAR(sums.*kLossSums<double>[i], (whole.sums.*kLossSums<torch::Tensor>[i]).item<double>(), 1e-12)
        << i;
  }
}

// What allows a step to leave out responses of advantage 0: they add exactly nothing, and the denominators are the step's.
TEST_P(PublishedLoss, LosesNothingWithTokensOfAdvantage0UnlessItSaysSo) {
  const Loss loss = MakeLoss(options());
  const LossTokens tokens = Flatten(responses_, kEntropy);
  const torch::Tensor none = (tokens.advantages_K == 0).nonzero().squeeze(1);
  const torch::Tensor some = (tokens.advantages_K != 0).nonzero().squeeze(1);
  ASSERT_GT(none.size(0), 0);
  const LossResult left_out = loss.Compute(Select(tokens, none), step_);
  left_out.loss.backward();
  const double lost =
      std::abs(left_out.loss.item<double>()) + tokens.logprobs_K.grad().abs().sum().item<double>();
  if (loss.WantsZeroAdvantage()) {
    const bool acts = options().entropy_floor == 0.0 || kEntropy < options().entropy_floor;
    EXPECT_EQ(lost > 0.0, acts);
    return;
  }
  EXPECT_EQ(lost, 0.0);
  tokens.logprobs_K.mutable_grad() = torch::Tensor();
  const LossResult result = loss.Compute(Select(tokens, some), step_);
  result.loss.backward();
  ExpectPlain(result.loss.item<double>(), tokens);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedLoss, testing::ValuesIn(Losses()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace drover::learner
