// The seam: a term of this test's own gets what it says it needs, and adds to the others.
#include "learner/losses/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "learner/losses/clipped_surrogate.h"
#include "learner/rollout.h"
#include "learner/testing/support.h"
#include "learner/update.h"

namespace drover::learner {
namespace {

using testing_support::MakeRollout;
using testing_support::TinyModel;
using testing_support::TinyOptions;

// Sees every chunk's tokens; its number is that of `value`.
class Probe : public LossTerm {
 public:
  using Value = std::function<torch::Tensor(const LossTokens&)>;
  Probe(const LossNeeds& needs, Value value) : needs_(needs), value_(std::move(value)) {}
  LossNeeds needs() const override { return needs_; }
  bool WantsZeroAdvantage() const override { return true; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums*) const override { return value_(tokens); }

 private:
  const LossNeeds needs_;
  const Value value_;
};

Loss LossOf(std::unique_ptr<LossTerm> first, std::unique_ptr<LossTerm> second = nullptr) {
  std::vector<std::unique_ptr<LossTerm>> terms;
  terms.push_back(std::move(first));
  if (second != nullptr) terms.push_back(std::move(second));
  LossOptions options;
  options.budget = 10;
  return Loss(std::move(terms), options);
}

// All that an update works on, with a loss of the test's.
class UpdateWith {
 public:
  explicit UpdateWith(const Loss& loss) : loss_(loss) {
    stepper_ = std::make_unique<Stepper>(model_->weights(), StepperOptions{}, alone_.get());
  }

  UpdateStats Run(const std::vector<v1::Group>& groups, const TrainerOptions& options) {
    const UpdateContext context{options, loss_, *model_, nullptr, *stepper_, *alone_, steps_};
    auto stats = RolloutUpdate(context, groups, /*rollout=*/0, /*version=*/0).Run();
    EXPECT_TRUE(stats.ok()) << stats.status().ToString();
    return *std::move(stats);
  }

 private:
  const Loss& loss_;
  const std::unique_ptr<model::Transformer> model_ = TinyModel();
  const std::unique_ptr<Collectives> alone_ = LocalCollectives();
  std::unique_ptr<Stepper> stepper_;
  uint64_t steps_ = 0;
};

TEST(Loss, AddsItsTermsAndWhatTheyNeed) {
  LossNeeds needs;
  needs.actor_logprobs = true;
  const Loss loss = LossOf(
      std::make_unique<ClippedSurrogate>(0.2, 0.2),
      std::make_unique<Probe>(needs, [](const LossTokens& tokens) { return 3.0 * tokens.logprobs_K; }));
  EXPECT_TRUE(loss.needs().actor_logprobs);
  EXPECT_FALSE(loss.needs().reference);
  EXPECT_TRUE(loss.WantsZeroAdvantage());
  LossTokens tokens;
  tokens.logprobs_K = at::tensor({-1.0, -2.0}, at::kDouble);
  tokens.old_logprobs_K = tokens.logprobs_K;
  tokens.entropy_K = at::tensor({0.5, 0.25}, at::kDouble);
  tokens.advantages_K = at::tensor({1.0, -4.0}, at::kDouble);  // of one response
  tokens.lengths_K = at::tensor({2.0, 2.0}, at::kDouble);
  const LossResult result = loss.Compute(tokens, {/*responses=*/2, /*tokens=*/2});
  EXPECT_NEAR(result.loss.item<double>(), (-1.0 + 4.0 - 9.0) / 20.0, 1e-15);
  EXPECT_EQ(result.sums.entropy.item<double>(), 0.75);
  EXPECT_EQ(result.sums.kl_reference.item<double>(), 0.0);
}

TEST(Loss, OfNoTokensIsZero) {
  LossTokens tokens;
  const torch::Tensor none = at::empty({0}, at::kDouble);
  tokens.logprobs_K = tokens.old_logprobs_K = tokens.entropy_K = tokens.advantages_K = tokens.lengths_K =
      none;
  const LossResult result = LossOf(std::make_unique<ClippedSurrogate>(0.2, 0.2)).Compute(tokens, {2, 2});
  EXPECT_EQ(result.loss.item<double>(), 0.0);
  EXPECT_EQ(result.sums.ratio_max.item<double>(), 0.0);
}

TEST(CheckNeeds, RefusesWhatNobodyComputes) {
  LossNeeds needs;
  EXPECT_TRUE(CheckNeeds(needs, nullptr).ok());
  needs.reference = true;
  EXPECT_EQ(CheckNeeds(needs, nullptr).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(CheckNeeds(needs, TinyModel().get()).ok());
  needs.values = true;
  EXPECT_EQ(CheckNeeds(needs, TinyModel().get()).code(), absl::StatusCode::kFailedPrecondition);
  const ValueHead head(/*hidden_size=*/4, at::kCPU);
  EXPECT_TRUE(CheckNeeds(needs, TinyModel().get(), &head).ok());
}

// Every step's sums are those of whole responses though chunks hold parts of them, and those of the first step are 0:
// there the old policy is the current one.
TEST(Needs, SequenceSumsAreOfWholeResponses) {
  LossNeeds needs;
  needs.sequence_sums = true;
  bool first = true;
  bool moved = false;
  const Loss loss = LossOf(std::make_unique<Probe>(needs, [&](const LossTokens& tokens) {
    const torch::Tensor own_K = (tokens.logprobs_K - tokens.old_logprobs_K).detach();
    int64_t k = 0;
    while (k < own_K.size(0)) {
      const int64_t length = tokens.lengths_K[k].item<int64_t>();
      const double sum = own_K.narrow(0, k, length).sum(at::kDouble).item<double>();
      for (int64_t t = 0; t < length; ++t) {
        EXPECT_NEAR(tokens.sequence_log_ratios_K[k + t].item<double>(), sum, 1e-4);
      }
      if (!first && std::abs(sum) > 1e-3) moved = true;
      k += length;
    }
    first = false;
    return tokens.advantages_K * tokens.logprobs_K * -1.0;
  }));
  TrainerOptions options = TinyOptions();
  options.learning_rate = 0.01;
  UpdateWith(loss).Run(MakeRollout(*TinyModel(), 71), options);
  EXPECT_TRUE(moved);
}

TEST(Needs, TheActorsLogprobsComeBesideTheLearners) {
  LossNeeds needs;
  needs.actor_logprobs = true;
  double largest = 0.0;
  const Loss loss = LossOf(std::make_unique<Probe>(needs, [&](const LossTokens& tokens) {
    largest = std::max(largest, (tokens.actor_logprobs_K + 2.5).abs().max().item<double>());
    return tokens.logprobs_K * 0.0;
  }));
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 72);
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      for (float& logprob : *response.mutable_logprobs()) logprob = -2.5F;
    }
  }
  UpdateWith(loss).Run(groups, TinyOptions());
  EXPECT_EQ(largest, 0.0);
}

// All responses of a group without signal go through a loss that wants them, and none through one that does not.
TEST(WantsZeroAdvantage, DecidesWhatATrainingStepLeavesOut) {
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 73);
  int64_t tokens = 0;
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      response.set_reward(0.0);
      tokens += response.token_ids_size();
    }
  }
  int64_t seen = 0;
  const Loss wants = LossOf(std::make_unique<Probe>(LossNeeds{}, [&](const LossTokens& given) {
    seen += given.logprobs_K.size(0);
    return given.logprobs_K * 0.0;
  }));
  UpdateWith(wants).Run(groups, TinyOptions());
  EXPECT_EQ(seen, tokens);
  const Loss leaves = LossOf(std::make_unique<ClippedSurrogate>(0.2, 0.2));
  EXPECT_EQ(UpdateWith(leaves).Run(groups, TinyOptions()).ratio_mean, 1.0);
}

TEST(PerToken, TakesOneAdvantageAResponseOrOneAToken) {
  const std::vector<uint32_t> prompt = {3};
  const std::vector<uint32_t> two = {4, 5};
  const std::vector<uint32_t> three = {6, 7, 8};
  const std::vector<Sequence> sequences = {{prompt, two}, {prompt, three}};
  const Microbatch batch = MakeMicrobatch(sequences, {0, 1}, torch::kCPU);
  const std::vector<std::vector<double>> advantages = {{0.5}, {1.0, 0.0, -1.0}};
  const torch::Tensor values_K = PerToken(batch, advantages);
  std::vector<float> expected;
  for (int64_t r : batch.responses) {
    const std::vector<float> own =
        r == 0 ? std::vector<float>{0.5F, 0.5F} : std::vector<float>{1.0F, 0.0F, -1.0F};
    expected.insert(expected.end(), own.begin(), own.end());
  }
  EXPECT_TRUE(values_K.equal(at::tensor(expected)));
}

}  // namespace
}  // namespace drover::learner
