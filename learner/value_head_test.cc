// PPO through the trainer: the value head learns, depends on nothing but the rollout, and is where it should be and nowhere else.
#include "learner/value_head.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "learner/checkpoint.h"
#include "learner/losses/make_loss.h"
#include "learner/testing/short_run.h"
#include "learner/testing/support.h"
#include "learner/update.h"
#include "model/safetensors.h"
#include "model/transformer.h"

namespace drover::learner {
namespace {

using ::testing::HasSubstr;
using testing_support::CopyWeights;
using testing_support::FreshFolder;
using testing_support::MakeRollout;
using testing_support::Outcome;
using testing_support::SameBits;
using testing_support::ShortRun;
using testing_support::TinyModel;
using testing_support::TinyOptions;

TrainerOptions PpoOptions() {
  TrainerOptions options = TinyOptions();
  options.advantage.baseline = Baseline::kValue;
  options.advantage.gae = {1.0, 0.95};
  options.advantage.whiten = true;
  options.loss.aggregation = Aggregation::kTokens;
  options.loss.value_coefficient = 0.1;
  options.loss.value_clip = 0.2;
  return options;
}

std::unique_ptr<model::Transformer> PolicyOf(torch::ScalarType dtype, uint64_t seed, bool adapted) {
  if (!adapted) return TinyModel(seed, dtype);
  model::TransformerOptions options;
  options.dtype = dtype;
  options.trainable = true;
  options.lora = model::LoraConfig{.rank = 4, .alpha = 8.0, .targets = {}, .base = "/models/base", .seed = 7};
  return *model::Transformer::Create(model::testing::TrainingConfig(), options, /*seed=*/1, /*init_std=*/0.4);
}

std::unique_ptr<Trainer> PpoTrainer(const TrainerOptions& options,
                                    std::unique_ptr<model::Transformer> policy = TinyModel()) {
  static Collectives* const alone = LocalCollectives().release();
  auto trainer = Trainer::Create(options, std::move(policy), alone);
  EXPECT_TRUE(trainer.ok()) << trainer.status().ToString();
  return *std::move(trainer);
}

// What is right follows from the question: odd groups are right, even ones wrong.
std::vector<v1::Group> RewardsByPrompt(uint64_t seed) {
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), seed);
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      response.set_reward(group.group() % 2 == 1 ? 1.0 : 0.0);
      response.set_finish_reason(v1::FINISH_REASON_STOP);
    }
  }
  return groups;
}

TEST(ValueHead, IsTheLinearMap) {
  ValueHead head(3, at::kCPU);
  const torch::Tensor hidden =
      at::tensor({1.0F, 2.0F, 3.0F, -1.0F, 0.5F, 0.0F}).view({2, 3}).requires_grad_();
  EXPECT_TRUE(head.Values(hidden).equal(at::zeros({2}))) << "it begins at 0";
  {
    at::NoGradGuard no_grad;
    head.parameters().at("value_head.weight").copy_(at::tensor({0.5F, -1.0F, 2.0F}));
    head.parameters().at("value_head.bias").fill_(0.25F);
  }
  const torch::Tensor values = head.Values(hidden);
  EXPECT_TRUE(values.equal(at::tensor({4.75F, -0.75F})));
  values.sum().backward();
  EXPECT_TRUE(hidden.grad()[1].equal(at::tensor({0.5F, -1.0F, 2.0F})));
  EXPECT_TRUE(head.parameters().at("value_head.weight").grad()[0].equal(at::tensor({0.0F, 2.5F, 3.0F})));
  EXPECT_EQ(head.parameters().at("value_head.bias").grad().item<float>(), 2.0F);
}

TEST(ValueHead, ARowsBitsDoNotDependOnItsCompany) {
  at::manual_seed(1);
  ValueHead head(96, at::kCPU);
  at::NoGradGuard no_grad;
  head.parameters().at("value_head.weight").normal_();
  const torch::Tensor hidden = at::randn({301, 96});
  const torch::Tensor all = head.Values(hidden);
  for (int64_t row = 0; row < hidden.size(0); ++row) {
    EXPECT_TRUE(head.Values(hidden.narrow(0, row, 1)).equal(all.narrow(0, row, 1))) << row;
  }
}

TEST(Ppo, TheValueHeadLearnsToPredictReturns) {
  TrainerOptions options = PpoOptions();
  options.loss.value_coefficient = 0.5;
  options.loss.value_clip = 0.0;
  const auto trainer = PpoTrainer(options);
  const std::vector<v1::Group> groups = RewardsByPrompt(31);
  const auto first = trainer->Update(groups, 0, 0);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*first->explained_variance, 0.0) << "values of 0 explain nothing";
  UpdateStats last;
  for (uint64_t rollout = 1; rollout < 30; ++rollout) last = *trainer->Update(groups, rollout, 0);
  EXPECT_GT(*last.explained_variance, 0.45) << "of what a linear map can see in a random trunk";
  EXPECT_LT(*last.value_loss, 0.4 * *first->value_loss);
}

TEST(Ppo, WithoutAValueHeadNothingIsSaidOfIt) {
  const auto stats = PpoTrainer(TinyOptions())->Update(MakeRollout(*TinyModel(), 5), 0, 0);
  ASSERT_TRUE(stats.ok());
  EXPECT_FALSE(stats->value_loss.has_value());
  EXPECT_FALSE(stats->explained_variance.has_value());
}

// At values of 0 the returns are the advantages, and a head of zeros hands the trunk no gradient.
TEST(Ppo, ThePolicysFirstStepIsThatOfNoBaseline) {
  TrainerOptions options = PpoOptions();
  options.advantage.gae = {1.0, 1.0};
  options.advantage.whiten = false;
  options.max_grad_norm = 0.0;
  options.plan.minibatch_responses = 16;
  std::vector<v1::Group> groups = RewardsByPrompt(33);
  for (v1::Group& group : groups) {  // no advantage is 0, so that nothing is left out of a forward pass
    for (v1::Response& response : *group.mutable_responses()) response.set_reward(response.reward() + 0.5);
  }
  const auto ppo = PpoTrainer(options);
  ASSERT_TRUE(ppo->Update(groups, 0, 0).ok());
  options.advantage.baseline = Baseline::kNone;
  options.loss.value_coefficient = 0.0;
  const auto plain = PpoTrainer(options);
  ASSERT_TRUE(plain->Update(groups, 0, 0).ok());
  EXPECT_TRUE(SameBits(CopyWeights(ppo->model()), CopyWeights(plain->model())));
  EXPECT_FALSE(SameBits(CopyWeights(ppo->model()), CopyWeights(*TinyModel())));
}

// The whole step's gradient, of trunk and head, in a second derivation: one plain forward pass for each response, advantages and
// loss as the paper writes them.
TEST(Ppo, TheGradientIsThatOfThePlainFormula) {
  TrainerOptions options = PpoOptions();
  options.advantage.whiten = false;
  options.plan.minibatch_responses = 16;
  options.max_grad_norm = 0.0;
  options.learning_rate = 0.0;  // so that weights stay and gradients can be looked at
  const auto alone = LocalCollectives();
  const auto model = TinyModel();
  const ValueHead head(model->config().hidden_size, at::kCPU);
  {
    at::NoGradGuard no_grad;
    at::manual_seed(11);
    head.parameters().at("value_head.weight").normal_(0.0, 0.1);
    head.parameters().at("value_head.bias").fill_(0.3F);
  }
  std::map<std::string, torch::Tensor> trained = model->weights();
  trained.insert(head.parameters().begin(), head.parameters().end());
  const std::vector<v1::Group> groups = MakeRollout(*model, 34);
  std::vector<torch::Tensor> expected;
  {
    torch::Tensor loss = at::zeros({}, at::kDouble);
    int64_t tokens = 0;
    for (const v1::Group& group : groups) {
      for (const v1::Response& response : group.responses()) {
        std::vector<int64_t> ids(group.prompt_token_ids().begin(), group.prompt_token_ids().end());
        ids.insert(ids.end(), response.token_ids().begin(), response.token_ids().end());
        const torch::Tensor hidden_TD =
            model->Hidden(at::tensor(ids, at::kLong).unsqueeze(0))
                .squeeze(0)
                .slice(0, group.prompt_token_ids_size() - 1, static_cast<int64_t>(ids.size()) - 1);
        const torch::Tensor values =
            (hidden_TD.matmul(trained.at("value_head.weight").t()).squeeze(1) + trained.at("value_head.bias"))
                .to(at::kDouble);
        const int64_t n = values.size(0);
        const torch::Tensor fixed = values.detach();
        const double reward = response.finish_reason() == v1::FINISH_REASON_LENGTH ? 0.0 : response.reward();
        torch::Tensor advantages = at::zeros({n}, at::kDouble);
        for (int64_t t = 0; t < n; ++t) {
          for (int64_t u = t; u < n; ++u) {
            const torch::Tensor delta =
                (u + 1 < n ? fixed[u + 1] : at::full({}, reward, at::kDouble)) - fixed[u];
            advantages[t] += std::pow(0.95, static_cast<double>(u - t)) * delta;
          }
        }
        const torch::Tensor logprobs =
            testing_support::PlainLogprobs(*model, group, response).to(at::kDouble);
        loss = loss - (advantages * (logprobs - logprobs.detach()).exp()).sum() +
               0.1 * 0.5 * (values - (advantages + fixed)).square().sum();
        tokens += n;
      }
    }
    (loss / static_cast<double>(tokens)).backward();
    for (const auto& [name, weight] : trained) expected.push_back(weight.grad().clone());
    for (const auto& [name, weight] : trained) weight.mutable_grad() = torch::Tensor();
  }
  Stepper stepper(trained, {{}, /*max_grad_norm=*/0.0, {}, {}}, alone.get());
  uint64_t steps = 0;
  const Loss loss = MakeLoss(options.loss);
  const UpdateContext context{options, loss, *model, nullptr, stepper, *alone, steps, 1.0, &head};
  const auto stats = RolloutUpdate(context, groups, 0, 0).Run();
  ASSERT_TRUE(stats.ok()) << stats.status();
  size_t i = 0;
  for (const auto& [name, weight] : trained) {
    const double scale = expected[i].abs().max().item<double>();
    EXPECT_GT(scale, 0.0) << name;
    EXPECT_LT((weight.grad() - expected[i]).abs().max().item<double>(), 2e-4 * scale + 1e-7) << name;
    ++i;
  }
}

struct PpoWorld {
  Sharding sharding;
  int ranks;
};

class PpoRanks : public testing::TestWithParam<PpoWorld> {};

TEST_P(PpoRanks, AgreeWithOneRankToRounding) {
  TrainerOptions options = PpoOptions();
  options.loss.kl_coefficient = 0.02;
  options.plan.epochs = 2;  // the second deals responses to other ranks
  options.plan.minibatch_responses = 7;
  const Outcome one = ShortRun(1, options);
  options.sharding.sharding = GetParam().sharding;
  const Outcome many = ShortRun(GetParam().ranks, options);
  ASSERT_EQ(one.stats.size(), many.stats.size());
  for (size_t rollout = 0; rollout < one.stats.size(); ++rollout) {
    const UpdateStats &a = one.stats[rollout], &b = many.stats[rollout];
    ASSERT_EQ(a.steps.size(), b.steps.size());
    for (size_t step = 0; step < a.steps.size(); ++step) {
      EXPECT_NEAR(b.steps[step].loss, a.steps[step].loss, 1e-5);
      EXPECT_NEAR(b.steps[step].grad_norm, a.steps[step].grad_norm, 1e-3 * a.steps[step].grad_norm);
    }
    EXPECT_NEAR(*b.value_loss, *a.value_loss, 1e-5);
    EXPECT_NEAR(*b.explained_variance, *a.explained_variance, 1e-4);
  }
  EXPECT_NE(*one.stats[1].explained_variance, 0.0) << "so that the head has learnt something";
  for (size_t i = 0; i < one.weights.size(); ++i) {
    EXPECT_LT((one.weights[i] - many.weights[i]).abs().max().item<double>(), 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Worlds, PpoRanks,
                         testing::Values(PpoWorld{Sharding::kNone, 2}, PpoWorld{Sharding::kOptimizer, 2},
                                         PpoWorld{Sharding::kGradients, 3}));

struct PpoPolicy {
  torch::ScalarType dtype;
  bool adapted;
};

class PpoCheckpoint : public testing::TestWithParam<PpoPolicy> {};

TEST_P(PpoCheckpoint, AResumedRunGoesOnBitForBit) {
  const auto [dtype, adapted] = GetParam();
  const TrainerOptions options = PpoOptions();
  const std::string dir = FreshFolder("ppo_resume") + "/checkpoint";
  const std::vector<v1::Group> groups = RewardsByPrompt(35);
  const auto straight = PpoTrainer(options, PolicyOf(dtype, 1, adapted));
  ASSERT_TRUE(straight->BeginReinforcement().ok());
  ASSERT_TRUE(straight->Update(groups, 0, 0).ok());
  CheckpointMeta meta;
  meta.rollouts = meta.version = 1;
  const absl::Status saved = SaveCheckpoint(dir, *straight, meta, {{"tokenizer.json", "{}"}});
  ASSERT_TRUE(saved.ok()) << saved;
  const auto resumed = PpoTrainer(options, PolicyOf(dtype, /*seed=*/99, adapted));
  const auto loaded = LoadCheckpoint(dir, resumed.get());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (uint64_t rollout = 1; rollout < 3; ++rollout) {
    const auto a = straight->Update(groups, rollout, rollout);
    const auto b = resumed->Update(groups, rollout, rollout);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_NE(*a->explained_variance, 0.0);
    EXPECT_EQ(*a->explained_variance, *b->explained_variance);
    EXPECT_EQ(*a->value_loss, *b->value_loss);
    EXPECT_EQ(a->loss, b->loss);
    EXPECT_EQ(a->grad_norm, b->grad_norm);
  }
  EXPECT_EQ(straight->model().Export()->digest, resumed->model().Export()->digest);
}

INSTANTIATE_TEST_SUITE_P(Policies, PpoCheckpoint,
                         testing::Values(PpoPolicy{torch::kFloat32, false},
                                         PpoPolicy{torch::kBFloat16, false},
                                         PpoPolicy{torch::kFloat32, true}));

// What actors get and what Hugging Face loads is the policy alone.
TEST(Ppo, TheHeadIsInTheTrainingStateAlone) {
  const auto trainer = PpoTrainer(PpoOptions());
  ASSERT_TRUE(trainer->Update(MakeRollout(*TinyModel(), 36), 0, 0).ok());
  const auto published = trainer->model().Export();
  ASSERT_TRUE(published.ok()) << published.status();
  for (const model::WeightTensor& tensor : published->tensors) {
    EXPECT_THAT(tensor.meta.name, testing::Not(HasSubstr("value_head")));
  }
  const std::string dir = FreshFolder("ppo_folder") + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, {}, {{"tokenizer.json", "{}"}}).ok());
  const auto weights = model::SafetensorsFile::Open(dir + "/model.safetensors");
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ(weights->tensors().size(), trainer->model().weights().size());
  const auto state = model::SafetensorsFile::Open(dir + "/training_state.safetensors");
  ASSERT_TRUE(state.ok()) << state.status();
  std::vector<std::string> of_head;
  for (const model::TensorView& view : state->tensors()) {
    if (view.name.find("value_head") != std::string::npos) of_head.push_back(view.name);
  }
  EXPECT_THAT(of_head, testing::UnorderedElementsAre(
                           "weight.value_head.bias", "weight.value_head.weight",
                           "first_moment.value_head.bias", "first_moment.value_head.weight",
                           "second_moment.value_head.bias", "second_moment.value_head.weight"));
  const auto read = model::Transformer::Load(dir, {});
  EXPECT_TRUE(read.ok()) << read.status();
}

// A run may leave its value head behind, and cannot find one.
TEST(Ppo, AStateWithoutAHeadIsRefusedAndOneTooManyIsDropped) {
  const auto ppo = PpoTrainer(PpoOptions());
  ASSERT_TRUE(ppo->Update(MakeRollout(*TinyModel(), 37), 0, 0).ok());
  const auto plain = PpoTrainer(TinyOptions(), TinyModel(2));
  const absl::Status refused = ppo->Restore(plain->State());
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("no value head"));
  ASSERT_TRUE(plain->Restore(ppo->State()).ok());
  EXPECT_TRUE(SameBits(CopyWeights(plain->model()), CopyWeights(ppo->model())));
}

}  // namespace
}  // namespace drover::learner
