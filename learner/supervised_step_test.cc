#include "learner/supervised_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "learner/replica.h"
#include "learner/testing/support.h"
#include "model/testing/tiny_models.h"

namespace drover::learner {
namespace {

using testing_support::TinyModel;
using testing_support::TinyOptions;

// A loss in double precision, by plain loops over each example alone: the definition, not the learner's code.
double PlainLoss(const model::ModelConfig& config, const model::testing::NaiveWeights& weights,
                 const std::vector<SupervisedExample>& examples, MeanOver mean_over) {
  double step = 0, step_tokens = 0;
  for (const SupervisedExample& example : examples) {
    std::vector<int64_t> ids(example.prompt_token_ids.begin(), example.prompt_token_ids.end());
    const size_t prompt = ids.size();
    ids.insert(ids.end(), example.response_token_ids.begin(), example.response_token_ids.end());
    const auto logits = model::testing::NaiveLogits(config, weights, ids);
    double sum = 0, tokens = 0;
    for (size_t t = prompt; t < ids.size(); ++t) {
      if (!example.learned.empty() && example.learned[t - prompt] == 0) continue;
      sum -= model::testing::NaiveLogSoftmax(logits[t - 1])[static_cast<size_t>(ids[t])];
      ++tokens;
    }
    step += mean_over == MeanOver::kTokens ? sum : sum / tokens;
    step_tokens += tokens;
  }
  return step / (mean_over == MeanOver::kTokens ? step_tokens : static_cast<double>(examples.size()));
}

// Lengths from 2 to 21 tokens, the second half with gaps in what is learned.
std::vector<SupervisedExample> Examples(int count, int64_t vocabulary) {
  std::vector<SupervisedExample> examples;
  RandomStream random(7, RandomPurpose::kQuestions, 1);
  const auto id = [&] { return static_cast<uint32_t>(random() % static_cast<uint64_t>(vocabulary)); };
  for (int i = 0; i < count; ++i) {
    SupervisedExample example;
    for (int t = 0; t <= i % 6; ++t) example.prompt_token_ids.push_back(id());
    for (int t = 0; t <= (i * 5) % 15; ++t) example.response_token_ids.push_back(id());
    if (i >= count / 2) {
      for (size_t t = 0; t < example.response_token_ids.size(); ++t)
        example.learned.push_back(t % 3 != 1 ? 1 : 0);
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

// Gradients as they are: neither clipped nor applied.
class SupervisedStepTest : public testing::Test {
 protected:
  SupervisedStepTest() {
    TrainerOptions options = TinyOptions();
    options.max_grad_norm = 0;
    replica_ = std::make_unique<Replica>(options, TinyModel(), collectives_.get());
    examples_ = Examples(9, replica_->model->config().vocab_size);
  }

  struct Result {
    StepStats stats;
    torch::Tensor gradients;
  };
  Result Step(const std::vector<SupervisedExample>& examples, SupervisedOptions options) {
    options.learning_rate = 0;
    const auto stats = SupervisedStep(*replica_, examples, options);
    EXPECT_TRUE(stats.ok()) << stats.status();
    return {*stats, replica_->stepper.gradients().sums().at(0).clone()};
  }

  const std::unique_ptr<Collectives> collectives_ = LocalCollectives();
  std::unique_ptr<Replica> replica_;
  std::vector<SupervisedExample> examples_;
};

TEST_F(SupervisedStepTest, LossIsThePlainFormulas) {
  const auto weights = model::testing::ToNaive(*replica_->model);
  for (const MeanOver mean_over : {MeanOver::kTokens, MeanOver::kExamples}) {
    const double expected = PlainLoss(replica_->model->config(), weights, examples_, mean_over);
    EXPECT_NEAR(Step(examples_, {.mean_over = mean_over}).stats.loss, expected, 2e-6 * expected);
  }
  const SupervisedLoss measured = MeasureSupervised(*replica_, examples_, /*microbatch_tokens=*/20).value();
  const double expected = PlainLoss(replica_->model->config(), weights, examples_, MeanOver::kTokens);
  EXPECT_NEAR(measured.mean(), expected, 2e-6 * expected);
}

// The slope of the plain loss, by central differences in double precision, along some of the weights.
TEST_F(SupervisedStepTest, GradientIsThePlainFormulas) {
  const model::ModelConfig& config = replica_->model->config();
  for (const MeanOver mean_over : {MeanOver::kTokens, MeanOver::kExamples}) {
    Step(examples_, {.mean_over = mean_over});
    auto weights = model::testing::ToNaive(*replica_->model);
    for (const char* name : {"model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight",
                             "model.layers.1.mlp.down_proj.weight", "model.norm.weight"}) {
      const torch::Tensor gradient = replica_->model->weights().at(name).grad().flatten();
      std::vector<double>& values = weights.at(name);
      ASSERT_EQ(static_cast<int64_t>(values.size()), gradient.size(0)) << name;
      const double scale = gradient.abs().max().item<double>();
      for (size_t i = 0; i < values.size(); i += values.size() / 5) {
        constexpr double kStep = 1e-5;
        const double value = values[i];
        values[i] = value + kStep;
        const double up = PlainLoss(config, weights, examples_, mean_over);
        values[i] = value - kStep;
        const double down = PlainLoss(config, weights, examples_, mean_over);
        values[i] = value;
        EXPECT_NEAR(gradient[static_cast<int64_t>(i)].item<double>(), (up - down) / (2 * kStep), 1e-5 * scale)
            << name << " " << i;
      }
    }
  }
}

// How examples are packed into passes is memory, never the result; nor does their order matter.
TEST_F(SupervisedStepTest, PackingChangesNothing) {
  std::vector<SupervisedExample> backwards(examples_.rbegin(), examples_.rend());
  for (const MeanOver mean_over : {MeanOver::kTokens, MeanOver::kExamples}) {
    const Result whole = Step(examples_, {.mean_over = mean_over, .microbatch_tokens = 100000});
    const double scale = whole.gradients.abs().max().item<double>();
    const auto is_the_same = [&](const Result& other, const char* what) {
      EXPECT_NEAR(other.stats.loss, whole.stats.loss, 1e-6 * whole.stats.loss) << what;
      EXPECT_LT((other.gradients - whole.gradients).abs().max().item<double>(), 1e-5 * scale) << what;
    };
    is_the_same(Step(examples_, {.mean_over = mean_over, .microbatch_tokens = 1}), "one by one");
    is_the_same(Step(examples_, {.mean_over = mean_over, .microbatch_tokens = 30}), "in pieces of 30 tokens");
    is_the_same(Step(examples_, {.mean_over = mean_over}), "by responses");
    is_the_same(Step(backwards, {.mean_over = mean_over, .microbatch_tokens = 50}), "backwards");
  }
}

// A token that is not learned bears no loss, but it is read.
TEST_F(SupervisedStepTest, WhatIsNotLearnedIsStillRead) {
  SupervisedExample example{{2, 3}, {4, 5, 6}, {1, 0, 1}};
  const double loss = Step({example}, {}).stats.loss;
  example.response_token_ids[1] = 9;
  EXPECT_NE(Step({example}, {}).stats.loss, loss);
  SupervisedExample first{{2, 3}, {4}}, last{{2, 3, 4, 9}, {6}};
  EXPECT_NEAR(Step({example}, {}).stats.loss, Step({first, last}, {}).stats.loss, 1e-6);
}

TEST_F(SupervisedStepTest, TheMeanIsOverTokensOrExamples) {
  const SupervisedExample one{{2}, {3}}, many{{4}, {5, 6, 7, 8}};
  const double a = Step({one}, {}).stats.loss, b = Step({many}, {}).stats.loss;
  EXPECT_NEAR(Step({one, many}, {.mean_over = MeanOver::kTokens}).stats.loss, (a + 4 * b) / 5, 1e-5);
  EXPECT_NEAR(Step({one, many}, {.mean_over = MeanOver::kExamples}).stats.loss, (a + b) / 2, 1e-5);
}

TEST_F(SupervisedStepTest, MeasuringChangesNothing) {
  Step(examples_, {});
  const auto before = testing_support::CopyWeights(*replica_->model);
  const torch::Tensor gradients = replica_->stepper.gradients().sums().at(0).clone();
  EXPECT_GT(MeasureSupervised(*replica_, examples_, 20)->nats, 0);
  EXPECT_TRUE(testing_support::SameBits(before, testing_support::CopyWeights(*replica_->model)));
  EXPECT_TRUE(torch::equal(gradients, replica_->stepper.gradients().sums().at(0)));
}

}  // namespace
}  // namespace drover::learner
