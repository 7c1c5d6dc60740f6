#include "learner/trainer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "learner/advantages/advantages.h"
#include "learner/testing/support.h"

namespace drover::learner {
namespace {

using testing::HasSubstr;
using testing_support::CopyWeights;
using testing_support::LargestDifference;
using testing_support::MakeRollout;
using testing_support::PlainLogprobs;
using testing_support::RolloutShape;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;
using testing_support::TruncatedResponses;

std::unique_ptr<Trainer> MakeTrainer(const TrainerOptions& options, uint64_t seed = 1) {
  static Collectives* const alone = LocalCollectives().release();
  auto trainer = Trainer::Create(options, TinyModel(seed), alone);
  EXPECT_TRUE(trainer.ok()) << trainer.status().ToString();
  return *std::move(trainer);
}

UpdateStats MustUpdate(Trainer& trainer, const std::vector<v1::Group>& groups, uint64_t rollout = 0) {
  absl::StatusOr<UpdateStats> stats = trainer.Update(groups, rollout, /*version=*/0);
  EXPECT_TRUE(stats.ok()) << stats.status().ToString();
  return *stats;
}

// The loss of a whole rollout in one step, written down again as plainly as can be: token by token in double, every
// sequence alone; its gradient by autograd. Old log-probabilities are the recorded ones.
torch::Tensor PlainLoss(model::Transformer& model, const std::vector<v1::Group>& groups, bool grpo,
                        bool mask_truncated, double temperature, int64_t budget) {
  torch::Tensor loss = at::zeros({}, at::kDouble);
  double n = 0.0;
  for (const v1::Group& group : groups) n += group.responses_size();
  for (const v1::Group& group : groups) {
    std::vector<double> rewards;
    for (const auto& response : group.responses()) {
      rewards.push_back(response.finish_reason() == v1::FINISH_REASON_LENGTH ? 0.0 : response.reward());
    }
    double mean = 0.0, variance = 0.0;
    for (double reward : rewards) mean += reward / rewards.size();
    for (double reward : rewards) variance += (reward - mean) * (reward - mean) / (rewards.size() - 1.0);
    for (int i = 0; i < group.responses_size(); ++i) {
      const v1::Response& response = group.responses(i);
      if (mask_truncated && response.finish_reason() == v1::FINISH_REASON_LENGTH) continue;
      const double advantage = (rewards[i] - mean) / (grpo ? std::sqrt(variance) + 1e-8 : 1.0);
      const torch::Tensor logprobs = PlainLogprobs(model, group, response, temperature).to(at::kDouble);
      const double divisor = n * (grpo ? response.token_ids_size() : budget);
      for (int t = 0; t < response.token_ids_size(); ++t) {
        const torch::Tensor ratio = (logprobs[t] - response.logprobs(t)).exp();
        const double r = ratio.item<double>();
        const bool clipped = (advantage > 0 && r > 1.2) || (advantage < 0 && r < 0.8);
        loss = loss -
               (clipped ? at::full({}, std::clamp(r, 0.8, 1.2), at::kDouble) : ratio) * advantage / divisor;
      }
    }
  }
  return loss;
}

struct Corner {
  bool grpo;
  bool mask;
  double temperature;
};

class AgainstPlainLoss : public testing::TestWithParam<Corner> {};

TEST_P(AgainstPlainLoss, LossAndGradientNormAgree) {
  const Corner corner = GetParam();
  TrainerOptions options = TinyOptions();
  options.advantage.normalize_std = corner.grpo;
  options.loss.aggregation = corner.grpo ? Aggregation::kResponseLength : Aggregation::kConstant;
  options.mask_truncated = corner.mask;
  options.temperature = corner.temperature;
  options.plan.minibatch_responses = 16;
  options.old_logprobs = OldLogprobs::kActor;
  // The recorded log-probabilities are those of other weights, so that ratios leave 1 and some are clipped.
  const std::vector<v1::Group> groups = MakeRollout(*TinyModel(2), 21);

  const auto plain_model = TinyModel(1);
  const torch::Tensor loss =
      PlainLoss(*plain_model, groups, corner.grpo, corner.mask, corner.temperature, options.loss.budget);
  loss.backward();
  double squares = 0.0;
  for (const auto& [name, weight] : plain_model->weights()) {
    squares += weight.grad().to(at::kDouble).square().sum().item<double>();
  }

  const auto trainer = MakeTrainer(options);
  const UpdateStats stats = MustUpdate(*trainer, groups);
  ASSERT_EQ(stats.steps.size(), 1u);
  EXPECT_GT(stats.clip_fraction, 0.05);
  EXPECT_NEAR(stats.loss, loss.item<double>(), 1e-4 * std::abs(loss.item<double>()));
  EXPECT_NEAR(stats.grad_norm, std::sqrt(squares), 1e-4 * std::sqrt(squares));
}

INSTANTIATE_TEST_SUITE_P(Corners, AgainstPlainLoss,
                         testing::Values(Corner{false, false, 1.0}, Corner{true, false, 1.0},
                                         Corner{false, true, 1.0}, Corner{true, true, 0.8}));

TEST(Trainer, MicrobatchSizeDoesNotChangeTheResult) {
  TrainerOptions options = TinyOptions();
  options.loss.kl_coefficient = 0.05;
  options.mask_truncated = true;
  const std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 31);
  std::vector<std::unique_ptr<Trainer>> trainers;
  std::vector<UpdateStats> stats;
  for (int64_t microbatch : {1, 3, 64}) {
    options.microbatch_responses = microbatch;
    trainers.push_back(MakeTrainer(options));
    ASSERT_TRUE(trainers.back()->BeginReinforcement().ok());
    stats.push_back(MustUpdate(*trainers.back(), groups));
  }
  ASSERT_EQ(stats[0].steps.size(), 2u);
  EXPECT_GT(TruncatedResponses(groups), 0);
  for (size_t i = 1; i < stats.size(); ++i) {
    for (size_t step = 0; step < 2; ++step) {
      EXPECT_NEAR(stats[i].steps[step].loss, stats[0].steps[step].loss, 1e-6);
      EXPECT_NEAR(stats[i].steps[step].grad_norm, stats[0].steps[step].grad_norm,
                  1e-5 * stats[0].steps[step].grad_norm);
    }
    EXPECT_NEAR(stats[i].entropy, stats[0].entropy, 1e-5);
    EXPECT_NEAR(stats[i].kl_reference, stats[0].kl_reference, 1e-6);
    EXPECT_LT(LargestDifference(trainers[i]->model(), trainers[0]->model()), 5e-5);
  }
}

TEST(Trainer, OldPolicyIsThatBeforeTheFirstStep) {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 0.02;
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 32);
  const auto learner = MakeTrainer(options);
  const UpdateStats recomputed = MustUpdate(*learner, groups);
  EXPECT_NEAR(*recomputed.logprob_gap_max, 0.0, 1e-5);
  EXPECT_GT(recomputed.ratio_max, 1.001);  // the second step is off-policy
  EXPECT_GT(recomputed.kl_old, 0.0);
  // What the actor recorded is the same here, so the two settings agree ...
  options.old_logprobs = OldLogprobs::kActor;
  const auto actor = MakeTrainer(options);
  MustUpdate(*actor, groups);
  EXPECT_LT(LargestDifference(learner->model(), actor->model()), 1e-4);
  // ... and only ACTOR looks at what is recorded.
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      for (float& logprob : *response.mutable_logprobs()) logprob -= 0.5f;
    }
  }
  const auto learner2 = MakeTrainer({[&] {
    TrainerOptions o = options;
    o.old_logprobs = OldLogprobs::kLearner;
    return o;
  }()});
  const UpdateStats shifted = MustUpdate(*learner2, groups);
  EXPECT_EQ(LargestDifference(learner->model(), learner2->model()), 0.0);
  EXPECT_NEAR(*shifted.logprob_gap_mean, 0.5, 1e-4);
  const auto actor2 = MakeTrainer(options);
  EXPECT_GT(MustUpdate(*actor2, groups).ratio_mean, 1.5);
}

TEST(Trainer, GapIsOfTokensOfThisVersionAlone) {
  TrainerOptions options = TinyOptions();
  options.old_logprobs = OldLogprobs::kActor;
  options.plan.minibatch_responses = 16;
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 33);
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      // The last token is of another version and recorded far off.
      const int last = response.token_ids_size() - 1;
      response.set_logprobs(last, -50.0f);
      response.mutable_versions(0)->set_count(last);
      v1::VersionRun* run = response.add_versions();
      run->set_version(9);
      run->set_count(1);
    }
  }
  const auto trainer = MakeTrainer(options);
  EXPECT_LT(*MustUpdate(*trainer, groups).logprob_gap_max, 1e-4);
  const auto other = trainer->Update(groups, 1, /*version=*/3);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->logprob_gap_mean.has_value());
}

TEST(Trainer, LearningRateZeroKeepsEveryBit) {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 0.0;
  const auto trainer = MakeTrainer(options);
  const auto before = CopyWeights(trainer->model());
  const UpdateStats stats = MustUpdate(*trainer, MakeRollout(*TinyModel(), 34));
  EXPECT_GT(stats.grad_norm, 0.0);
  EXPECT_NEAR(stats.ratio_max, 1.0, 1e-5);
  EXPECT_TRUE(SameBits(before, CopyWeights(trainer->model())));
}

TEST(Trainer, RewardedTokensBecomeLikelier) {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 0.01;
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 35);
  const auto trainer = MakeTrainer(options);
  const auto weighted = [&] {
    at::NoGradGuard no_grad;
    double sum = 0.0;
    const auto advantages = RolloutAdvantages(groups, options.advantage, 0);
    size_t r = 0;
    for (const v1::Group& group : groups) {
      for (const v1::Response& response : group.responses()) {
        sum += advantages[r++].at(0) * PlainLogprobs(trainer->model(), group, response).sum().item<double>();
      }
    }
    return sum;
  };
  const double before = weighted();
  MustUpdate(*trainer, groups);
  EXPECT_GT(weighted(), before + 0.1);
}

TEST(Trainer, GroupsWithoutSignalChangeNothing) {
  TrainerOptions options = TinyOptions();
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 36);
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) response.set_reward(0.0);
  }
  const auto trainer = MakeTrainer(options);
  const auto before = CopyWeights(trainer->model());
  const UpdateStats stats = MustUpdate(*trainer, groups);
  EXPECT_EQ(stats.zero_advantage_groups, 4);
  EXPECT_EQ(stats.loss, 0.0);
  EXPECT_EQ(stats.grad_norm, 0.0);
  EXPECT_GT(stats.entropy, 0.0);
  EXPECT_TRUE(SameBits(before, CopyWeights(trainer->model())));
}

TEST(Trainer, SaysWhichAdvantagesItTrainedOn) {
  TrainerOptions options = TinyOptions();
  options.advantage.shuffle_rewards = true;
  const std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 36);
  const UpdateStats stats = MustUpdate(*MakeTrainer(options), groups, /*rollout=*/3);
  const auto expected = RolloutAdvantages(groups, options.advantage, 3);
  ASSERT_EQ(stats.advantages.size(), 4u);
  for (size_t r = 0; r < expected.size(); ++r) {
    EXPECT_EQ(std::vector<double>{stats.advantages[r / 4].at(r % 4)}, expected[r]);
  }
  EXPECT_EQ(stats.zero_advantage_groups,
            std::count(stats.advantages.begin(), stats.advantages.end(), std::vector<double>(4, 0.0)));
}

// An impossible recorded log-probability under a negative advantage makes the ratio, the loss and the gradient
// infinite.
void Poison(v1::Group& group) {
  for (v1::Response& response : *group.mutable_responses()) {
    response.set_reward(0.0);
    response.set_finish_reason(v1::FINISH_REASON_STOP);
    response.set_logprobs(0, -1000.0f);
  }
  group.mutable_responses(0)->set_reward(1.0);
}

TEST(Trainer, AStepThatIsNotFiniteChangesNothing) {
  TrainerOptions options = TinyOptions();
  options.old_logprobs = OldLogprobs::kActor;
  options.plan.minibatch_responses = 16;
  const std::vector<v1::Group> good = MakeRollout(*TinyModel(), 37);
  std::vector<v1::Group> bad = good;
  Poison(bad[1]);
  const auto poisoned = MakeTrainer(options);
  MustUpdate(*poisoned, good, 0);
  const auto before = CopyWeights(poisoned->model());
  const UpdateStats stats = MustUpdate(*poisoned, bad, 1);
  EXPECT_EQ(stats.skipped_steps, 1);
  ASSERT_EQ(stats.steps.size(), 1u);
  EXPECT_TRUE(stats.steps[0].skipped);
  EXPECT_TRUE(std::isfinite(stats.ratio_max));
  EXPECT_TRUE(SameBits(before, CopyWeights(poisoned->model())));
  EXPECT_EQ(poisoned->optimizer_steps(), 2u);
  EXPECT_EQ(poisoned->State().counters.adamw_steps, 1u);
  MustUpdate(*poisoned, good, 2);

  // As if the poisoned rollout had never been: moments and step count are untouched too.
  const auto clean = MakeTrainer(options);
  MustUpdate(*clean, good, 0);
  MustUpdate(*clean, good, 2);
  EXPECT_TRUE(SameBits(CopyWeights(clean->model()), CopyWeights(poisoned->model())));
}

TEST(Trainer, SeveralSkippedStepsInARowStopTheRun) {
  TrainerOptions options = TinyOptions();
  options.old_logprobs = OldLogprobs::kActor;
  options.plan.minibatch_responses = 16;
  options.max_skipped_steps = 3;
  const std::vector<v1::Group> good = MakeRollout(*TinyModel(), 38);
  std::vector<v1::Group> bad = good;
  Poison(bad[0]);
  const auto trainer = MakeTrainer(options);
  MustUpdate(*trainer, bad, 0);
  MustUpdate(*trainer, bad, 1);
  MustUpdate(*trainer, good, 2);  // ends the row
  MustUpdate(*trainer, bad, 3);
  MustUpdate(*trainer, bad, 4);
  const auto last = trainer->Update(bad, 5, 0);
  EXPECT_EQ(last.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(last.status().message()), HasSubstr("3 optimizer steps in a row"));
}

TEST(Trainer, KlPullsTowardsTheReference) {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 0.01;
  options.loss.kl_coefficient = 10.0;
  const std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 39);
  const auto held = MakeTrainer(options);
  EXPECT_EQ(held->Update(groups, 0, 0).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(held->BeginReinforcement().ok());
  options.loss.kl_coefficient = 1e-9;
  const auto free = MakeTrainer(options);
  ASSERT_TRUE(free->BeginReinforcement().ok());
  EXPECT_GE(MustUpdate(*held, groups, 0).kl_reference, 0.0);
  MustUpdate(*free, groups, 0);
  double held_kl = 0.0, free_kl = 0.0;
  for (int rollout = 1; rollout < 4; ++rollout) {
    held_kl = MustUpdate(*held, groups, rollout).kl_reference;
    free_kl = MustUpdate(*free, groups, rollout).kl_reference;
  }
  EXPECT_GT(held_kl, 0.0);
  EXPECT_LT(held_kl, 0.5 * free_kl);
}

TEST(Trainer, SupervisedStepsLearnAndReinforcementStartsAfresh) {
  TrainerOptions options = TinyOptions();
  const auto trainer = MakeTrainer(options);
  const std::vector<SupervisedExample> examples = {
      {{2, 3}, {4, 5, 6, 1}}, {{7}, {8, 1}}, {{9, 10, 11}, {12}}};
  at::NoGradGuard no_grad;
  double expected = 0.0;
  for (const SupervisedExample& example : examples) {
    v1::Group group;
    v1::Response response;
    for (uint32_t id : example.prompt_token_ids) group.add_prompt_token_ids(id);
    for (uint32_t id : example.response_token_ids) response.add_token_ids(id);
    expected -= PlainLogprobs(trainer->model(), group, response).sum().item<double>() / 7.0;
  }
  at::AutoGradMode grad(true);
  const absl::StatusOr<StepStats> first = trainer->SupervisedStep(examples, {.learning_rate = 0.01});
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_NEAR(first->loss, expected, 1e-5);
  double last = 0.0;
  for (int i = 0; i < 60; ++i) last = trainer->SupervisedStep(examples, {.learning_rate = 0.01})->loss;
  EXPECT_LT(last, 0.05);
  EXPECT_EQ(trainer->State().counters.adamw_steps, 61u);
  ASSERT_TRUE(trainer->BeginReinforcement().ok());
  EXPECT_EQ(trainer->State().counters.adamw_steps, 0u);
  EXPECT_EQ(trainer->optimizer_steps(), 0u);
  for (const auto& [name, pieces] : trainer->State().second_moments) {
    EXPECT_EQ(pieces.at(0).values.abs().max().item<float>(), 0.0f) << name;
  }
}

TEST(Trainer, RefusesExamplesAndGroupsThatDoNotFit) {
  const auto trainer = MakeTrainer(TinyOptions());
  const auto before = CopyWeights(trainer->model());
  const auto refuses = [&](const std::vector<SupervisedExample>& examples, const std::string& why) {
    const auto result = trainer->SupervisedStep(examples, {.learning_rate = 0.1});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(why));
  };
  refuses({}, "without examples");
  refuses({{{1}, {2}}, {{1}, {}}}, "example 1 has 1 prompt and 0 response tokens");
  refuses({{{1}, {23}}}, "token id 23");
  refuses({{std::vector<uint32_t>(40, 1), std::vector<uint32_t>(40, 1)}}, "80 tokens");
  refuses({{{1}, {2, 3}, {1}}}, "1 marks for 2 response tokens");
  refuses({{{1}, {2, 3}, {0, 0}}}, "no token to learn");
  EXPECT_EQ(trainer->SupervisedStep({{{1}, {2}}}, {.learning_rate = NAN}).status().code(),
            absl::StatusCode::kInvalidArgument);

  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 40);
  groups[2].mutable_responses(1)->set_token_ids(0, 1000000);
  const auto refused = trainer->Update(groups, 0, 0);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("group 2 (lease 102): group.responses[1].token_ids[0]: 1000000"));
  EXPECT_EQ(trainer->Update({}, 0, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(SameBits(before, CopyWeights(trainer->model())));
}

TEST(TrainerOptions, ComeFromTheRecipe) {
  v1::Recipe recipe;
  EXPECT_THAT(std::string(TrainerOptions::FromRecipe(recipe).status().message()), HasSubstr("defaults"));
  recipe.mutable_run()->set_seed(9);
  recipe.mutable_run()->set_max_skipped_steps(2);
  recipe.mutable_rollout()->set_max_response_tokens(77);
  recipe.mutable_rollout()->set_temperature(0.5);
  recipe.mutable_advantage()->set_normalize_std(true);
  recipe.mutable_reward()->set_shuffle(true);
  recipe.mutable_loss()->set_aggregation(v1::RESPONSE_LENGTH);
  recipe.mutable_loss()->set_old_logprobs(v1::ACTOR);
  recipe.mutable_loss()->set_clip_high(0.28);
  recipe.mutable_loss()->set_mask_truncated(true);
  recipe.mutable_learner()->set_epsilon(1e-8);
  recipe.mutable_learner()->set_microbatch_responses(5);
  recipe.mutable_learner()->set_epochs(2);
  EXPECT_THAT(std::string(TrainerOptions::FromRecipe(recipe).status().message()),
              HasSubstr("advantage.baseline is not set"));
  recipe.mutable_advantage()->set_baseline(v1::LEAVE_ONE_OUT);
  recipe.mutable_advantage()->set_whiten(true);
  recipe.mutable_reward()->set_kl_coefficient(0.25);
  recipe.mutable_reward()->set_kl_estimator(v1::K1);
  recipe.mutable_reward()->set_overlong_tokens(7);
  recipe.mutable_loss()->set_surrogate(v1::CISPO);
  recipe.mutable_loss()->set_ratio(v1::PER_RESPONSE);
  recipe.mutable_loss()->set_kl_estimator(v1::K3_WITH_K2_GRADIENT);
  recipe.mutable_loss()->set_entropy_coefficient(0.01);
  recipe.mutable_loss()->mutable_correction()->set_kind(v1::MASKED);
  recipe.mutable_loss()->mutable_correction()->set_level(v1::GEOMETRIC);
  recipe.mutable_loss()->mutable_correction()->set_high(5);
  recipe.mutable_learner()->set_sharding(v1::GRADIENTS);
  recipe.mutable_learner()->set_gradient_exchange(v1::BFLOAT16);
  EXPECT_THAT(std::string(TrainerOptions::FromRecipe(recipe).status().message()),
              HasSubstr("learner.minibatch_responses is 0"));
  recipe.mutable_learner()->set_minibatch_responses(48);
  recipe.mutable_data()->set_max_prompt_tokens(33);
  recipe.mutable_reward()->set_min(-2);
  recipe.mutable_reward()->set_max(3);
  const auto options = TrainerOptions::FromRecipe(recipe);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->sharding.sharding, Sharding::kGradients);
  EXPECT_TRUE(options->sharding.bfloat16_exchange);
  EXPECT_EQ(options->loss.budget, 77);
  EXPECT_EQ(options->groups.max_prompt_tokens, 33);
  EXPECT_EQ(options->groups.min_reward, -2);
  EXPECT_EQ(options->groups.max_reward, 3);
  EXPECT_EQ(options->temperature, 0.5);
  EXPECT_TRUE(options->advantage.normalize_std && options->advantage.shuffle_rewards);
  EXPECT_TRUE(options->old_logprobs == OldLogprobs::kActor && options->mask_truncated);
  EXPECT_EQ(options->loss.aggregation, Aggregation::kResponseLength);
  EXPECT_EQ(options->loss.clip_high, 0.28);
  EXPECT_EQ(options->advantage.baseline, Baseline::kLeaveOneOut);
  EXPECT_TRUE(options->advantage.whiten);
  EXPECT_EQ(options->advantage.kl.coefficient, 0.25);
  EXPECT_EQ(options->advantage.kl.estimator, KlEstimator::kK1);
  EXPECT_EQ(options->advantage.overlong.tokens, 7);
  EXPECT_EQ(options->advantage.overlong.budget, 77);
  EXPECT_EQ(options->loss.surrogate, Surrogate::kCispo);
  EXPECT_EQ(options->loss.ratio, PolicyRatio::kPerResponse);
  EXPECT_EQ(options->loss.kl_estimator, KlEstimator::kK3WithK2Gradient);
  EXPECT_EQ(options->loss.entropy_coefficient, 0.01);
  EXPECT_EQ(options->loss.correction.kind, CorrectionKind::kMasked);
  EXPECT_EQ(options->loss.correction.level, CorrectionLevel::kGeometric);
  EXPECT_EQ(options->loss.correction.high, 5.0);
  EXPECT_EQ(options->plan.minibatch_responses, 48);
  EXPECT_EQ(options->plan.seed, 9u);
  EXPECT_EQ(options->learning_rate, 0.0);
  EXPECT_EQ(options->max_skipped_steps, 2);
}

}  // namespace
}  // namespace drover::learner
