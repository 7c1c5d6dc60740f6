// Every published loss through whole updates: how a rollout is batched, dealt to ranks and what is left out of forward passes
// changes nothing beyond rounding. The equations themselves: losses/formulas_test.cc.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "learner/losses/make_loss.h"
#include "learner/testing/support.h"
#include "learner/update.h"

namespace drover::learner {
namespace {

using testing_support::LargestDifference;
using testing_support::MakeRollout;
using testing_support::RunRanks;
using testing_support::TinyModel;
using testing_support::TinyOptions;

struct UpdateCase {
  const char* name;
  std::function<void(TrainerOptions&)> change;
};

TrainerOptions OptionsOf(const UpdateCase& published) {
  TrainerOptions options = TinyOptions();
  options.advantage.overlong.budget = options.loss.budget;
  options.plan.epochs = 2;
  published.change(options);
  return options;
}

std::vector<UpdateCase> UpdateCases() {
  using T = TrainerOptions;
  return {
      {"DrGrpo", [](T&) {}},
      {"Grpo",
       [](T& t) { t.advantage.normalize_std = true, t.loss.aggregation = Aggregation::kResponseLength; }},
      {"Dapo",
       [](T& t) {
         t.advantage.normalize_std = true, t.loss.aggregation = Aggregation::kTokens, t.loss.clip_high = 0.28;
         t.advantage.overlong.tokens = 4;
         t.mask_truncated = true;
       }},
      {"DualClip", [](T& t) { t.loss.dual_clip = 1.3; }},
      {"Gspo",
       [](T& t) {
         t.loss.ratio = PolicyRatio::kPerResponse, t.loss.aggregation = Aggregation::kResponseLength;
       }},
      {"Cispo",
       [](T& t) { t.loss.surrogate = Surrogate::kCispo, t.loss.aggregation = Aggregation::kTokens; }},
      {"Rloo",
       [](T& t) { t.loss.surrogate = Surrogate::kReinforce, t.advantage.baseline = Baseline::kLeaveOneOut; }},
      {"Reinforce",
       [](T& t) { t.loss.surrogate = Surrogate::kReinforce, t.advantage.baseline = Baseline::kBatchMean; }},
      {"ReinforcePlusPlus",
       [](T& t) {
         t.advantage.baseline = Baseline::kNone, t.advantage.whiten = true;
         t.advantage.kl = {0.05, KlEstimator::kK1, /*to_go=*/true};
       }},
      {"KlInRewardOfWholeResponses",
       [](T& t) {
         t.advantage.kl = {0.05, KlEstimator::kK3, /*to_go=*/false}, t.mask_truncated = true;
       }},
      {"KlInRewardOfTheActor",
       [](T& t) { t.advantage.kl.coefficient = 0.05, t.old_logprobs = OldLogprobs::kActor; }},
      {"VlNorm", [](T& t) { t.loss.aggregation = Aggregation::kVlNorm, t.mask_truncated = true; }},
      {"TruncatedToken", [](T& t) { t.loss.correction.kind = CorrectionKind::kTruncated; }},
      {"IcePop",
       [](T& t) {
         t.loss.correction = {CorrectionKind::kMasked, CorrectionLevel::kToken, 0.2, 5.0};
       }},
      {"IcePopGeometric",
       [](T& t) {
         t.loss.correction = {CorrectionKind::kMasked, CorrectionLevel::kGeometric, 0.3, 3.0};
       }},
      {"TruncatedSequence",
       [](T& t) {
         t.loss.correction = {CorrectionKind::kTruncated, CorrectionLevel::kSequence, 0.5, 1.5};
       }},
      {"DecoupledPpo", [](T& t) { t.loss.correction.kind = CorrectionKind::kUntruncated; }},
      {"OffPolicyMask", [](T& t) { t.loss.off_policy_mask = 0.05; }},
      {"OffPolicyMaskOfTheActor",
       [](T& t) { t.loss.off_policy_mask = 0.05, t.old_logprobs = OldLogprobs::kActor; }},
      {"K2", [](T& t) { t.loss.kl_coefficient = 0.1, t.loss.kl_estimator = KlEstimator::kK2; }},
      {"Ppo",
       [](T& t) {
         t.advantage.baseline = Baseline::kValue, t.advantage.gae = {0.9, 0.8}, t.advantage.whiten = true;
         t.advantage.kl = {0.05, KlEstimator::kK1, /*to_go=*/true};
         t.loss.value_coefficient = 0.5, t.loss.value_clip = 0.05;
         t.loss.aggregation = Aggregation::kTokens, t.mask_truncated = true;
       }},
      {"PpoOfTheActor",
       [](T& t) {
         t.advantage.baseline = Baseline::kValue, t.loss.value_coefficient = 0.5;
         t.old_logprobs = OldLogprobs::kActor;
       }},
      {"EntropyBonus", [](T& t) { t.loss.entropy_coefficient = 0.05; }},
      {"EntropyFloor", [](T& t) { t.loss.entropy_coefficient = 0.05, t.loss.entropy_floor = 100.0; }},
      {"EntropyFloorOfTheActor",
       [](T& t) {
         t.loss.entropy_coefficient = 0.05, t.loss.entropy_floor = 100.0,
         t.old_logprobs = OldLogprobs::kActor;
       }},
  };
}

// All that an update works on, on one rank.
struct Learner {
  Learner(const TrainerOptions& trainer_options, Collectives& group)
      : options(trainer_options), collectives(group), stepper(Trained(), {}, &group) {}

  std::map<std::string, torch::Tensor> Trained() const {
    std::map<std::string, torch::Tensor> all = model->weights();
    all.insert(value_head.parameters().begin(), value_head.parameters().end());
    return all;
  }

  UpdateStats Run(const Loss& loss, const std::vector<v1::Group>& groups) {
    const UpdateContext context{options,
                                loss,
                                *model,
                                reference.get(),
                                stepper,
                                collectives,
                                steps,
                                /*rate_scale=*/1.0,
                                loss.needs().values ? &value_head : nullptr};
    auto stats = RolloutUpdate(context, groups, /*rollout=*/0, /*version=*/0).Run();
    EXPECT_TRUE(stats.ok()) << stats.status().ToString();
    return *std::move(stats);
  }

  TrainerOptions options;
  Collectives& collectives;
  std::unique_ptr<model::Transformer> model = TinyModel();
  std::unique_ptr<model::Transformer> reference = TinyModel(7);
  const ValueHead value_head{model->config().hidden_size, at::kCPU};  // idle where the loss has no values
  Stepper stepper;
  uint64_t steps = 0;
};

// Stands in every sum and adds nothing, so that no response may be left out.
class KeepAll : public LossTerm {
 public:
  bool WantsZeroAdvantage() const override { return true; }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums*) const override {
    return tokens.logprobs_K * 0.0;
  }
};

class PublishedUpdate : public testing::TestWithParam<UpdateCase> {
 protected:
  PublishedUpdate() : options_(OptionsOf(GetParam())), loss_(MakeLoss(options_.loss)) {
    // Recorded by other weights than the learner's, and a group without signal.
    groups_ = MakeRollout(*TinyModel(2), 91);
    for (v1::Response& response : *groups_[1].mutable_responses()) {
      response.set_reward(1.0);
      response.set_finish_reason(v1::FINISH_REASON_STOP);
    }
  }

  void ExpectSame(const UpdateStats& a, const UpdateStats& b) {
    ASSERT_EQ(a.steps.size(), b.steps.size());
    for (size_t s = 0; s < a.steps.size(); ++s) {
      EXPECT_NEAR(a.steps[s].loss, b.steps[s].loss, 1e-5 + 1e-4 * std::abs(b.steps[s].loss)) << s;
      EXPECT_NEAR(a.steps[s].grad_norm, b.steps[s].grad_norm, 1e-4 * b.steps[s].grad_norm) << s;
    }
    EXPECT_GT(b.grad_norm, 0.0) << "the case says nothing";
    EXPECT_NEAR(a.clip_fraction, b.clip_fraction, 0.02);  // a token may stand on the edge
    EXPECT_NEAR(a.entropy, b.entropy, 1e-5);
    EXPECT_NEAR(a.kl_reference, b.kl_reference, 1e-5);
    EXPECT_NEAR(a.advantage_std, b.advantage_std, 1e-5);
  }

  TrainerOptions options_;
  const Loss loss_;
  std::vector<v1::Group> groups_;
  const std::unique_ptr<Collectives> alone_ = LocalCollectives();
};

TEST_P(PublishedUpdate, KnowsNoMicrobatches) {
  options_.microbatch_responses = 1;
  Learner one(options_, *alone_);
  const UpdateStats by_one = one.Run(loss_, groups_);
  options_.microbatch_responses = 64;
  Learner all(options_, *alone_);
  const UpdateStats together = all.Run(loss_, groups_);
  ExpectSame(by_one, together);
  EXPECT_NEAR(by_one.masked_fraction, together.masked_fraction, 0.02);
  EXPECT_NEAR(by_one.importance_mean, together.importance_mean, 0.02);
  EXPECT_LT(LargestDifference(*one.model, *all.model), 2e-4);
}

TEST_P(PublishedUpdate, KnowsNoRanks) {
  Learner alone(options_, *alone_);
  const UpdateStats expected = alone.Run(loss_, groups_);
  RunRanks(2, absl::Seconds(60), [&](Collectives& ranks) {
    Learner learner(options_, ranks);
    const UpdateStats stats = learner.Run(loss_, groups_);
    if (ranks.rank() == 0) {
      ExpectSame(stats, expected);
      EXPECT_LT(LargestDifference(*learner.model, *alone.model), 2e-4);
    }
  });
}

// The denominators are the step's whether responses without a gradient go through forward passes or not.
TEST_P(PublishedUpdate, NormalisesTheSameWithAndWithoutResponsesOfAdvantage0) {
  Learner leaves(options_, *alone_);
  const UpdateStats left_out = leaves.Run(loss_, groups_);
  std::vector<std::unique_ptr<LossTerm>> terms = MakeLossTerms(options_.loss);
  terms.push_back(std::make_unique<KeepAll>());
  Learner keeps(options_, *alone_);
  const UpdateStats kept = keeps.Run(Loss(std::move(terms), options_.loss), groups_);
  ExpectSame(left_out, kept);
  EXPECT_LT(LargestDifference(*leaves.model, *keeps.model), 2e-4);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedUpdate, testing::ValuesIn(UpdateCases()),
                         [](const auto& info) { return info.param.name; });

class CorrectedUpdate : public testing::Test {
 protected:
  UpdateStats Run(const TrainerOptions& options, uint64_t recorded_by) {
    Learner learner(options, *alone_);
    return learner.Run(MakeLoss(options.loss), MakeRollout(*TinyModel(recorded_by), 92));
  }
  const std::unique_ptr<Collectives> alone_ = LocalCollectives();
};

// Where the actor and the learner are the same policy there is nothing to correct.
TEST_F(CorrectedUpdate, OfTheSamePolicyIsOne) {
  TrainerOptions options = TinyOptions();
  const double plain = Run(options, /*recorded_by=*/1).loss;
  for (const CorrectionLevel level :
       {CorrectionLevel::kToken, CorrectionLevel::kSequence, CorrectionLevel::kGeometric}) {
    options.loss.correction = {CorrectionKind::kMasked, level, 0.99, 1.01};
    const UpdateStats stats = Run(options, /*recorded_by=*/1);
    EXPECT_EQ(stats.masked_fraction, 0.0);
    EXPECT_NEAR(stats.importance_mean, 1.0, 1e-5);
    EXPECT_NEAR(stats.loss, plain, 1e-6);
  }
}

TEST_F(CorrectedUpdate, IsReported) {
  TrainerOptions options = TinyOptions();
  EXPECT_EQ(Run(options, 2).importance_mean, 1.0);
  options.loss.correction = {CorrectionKind::kMasked, CorrectionLevel::kToken, 0.9, 1.1};
  const UpdateStats masked = Run(options, 2);
  EXPECT_GT(masked.masked_fraction, 0.2);
  EXPECT_LT(masked.masked_fraction, 1.0);
  EXPECT_LT(masked.importance_mean, 1.0 - 0.5 * masked.masked_fraction);
  options.loss.correction.low = 1e5;
  options.loss.correction.high = 1e6;
  const UpdateStats nothing = Run(options, 2);
  EXPECT_EQ(nothing.masked_fraction, 1.0);
  EXPECT_EQ(nothing.importance_mean, 0.0);
  EXPECT_EQ(nothing.grad_norm, 0.0);
}

// The bonus works on the entropy, and the floor switches it.
TEST(EntropyBonusUpdate, RaisesTheEntropyBelowTheFloorAlone) {
  const auto alone = LocalCollectives();
  const auto entropy_after = [&](double coefficient, double floor) {
    TrainerOptions options = TinyOptions();
    options.loss.entropy_coefficient = coefficient;
    options.loss.entropy_floor = floor;
    options.learning_rate = 0.01;
    Learner learner(options, *alone);
    const std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 93);
    learner.Run(MakeLoss(options.loss), groups);
    return learner.Run(MakeLoss(options.loss), groups).entropy;
  };
  const double without = entropy_after(0.0, 0.0);
  EXPECT_GT(entropy_after(10.0, 0.0), without + 0.01);
  EXPECT_GT(entropy_after(10.0, /*floor=*/50.0), without + 0.01);
  EXPECT_NEAR(entropy_after(10.0, /*floor=*/1e-6), without, 1e-3);
}

}  // namespace
}  // namespace drover::learner
