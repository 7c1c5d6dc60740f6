// Training state spread over the ranks: threads over Gloo, as in ranks_test.cc.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "learner/followers.h"
#include "learner/layerwise_gradients.h"
#include "learner/replica.h"
#include "learner/shards.h"
#include "learner/supervised_step.h"
#include "learner/testing/short_run.h"
#include "learner/testing/support.h"
#include "learner/trainer.h"
#include "ranks/collectives.h"

namespace drover::learner {
namespace {

using testing_support::CopyWeights;
using testing_support::ExpectSameToRounding;
using testing_support::MakeRollout;
using testing_support::Outcome;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::ShortRun;
using testing_support::TinyModel;
using testing_support::TinyModelFor;
using testing_support::TinyOptions;

TEST(ReduceScatter, GivesEachRankTheSumOfItsRun) {
  RunRanks(3, absl::Seconds(20), [](Collectives& ranks) {
    // In float32 this sum depends on its order: (1e8 + 1) - 1e8 is 0, (1e8 - 1e8) + 1 is 1.
    const float given[] = {1e8F, 1.0F, -1e8F};
    const float turned[] = {1e8F, -1e8F, 1.0F};
    torch::Tensor tensor = at::zeros({6});
    for (int run = 0; run < 3; ++run) {
      tensor[2 * run] = given[ranks.rank()];
      tensor[2 * run + 1] = turned[ranks.rank()] * static_cast<float>(run + 1);
    }
    const torch::Tensor before = tensor.clone();
    ASSERT_TRUE(ranks.ReduceScatterSum(tensor, at::kFloat).ok());
    EXPECT_EQ(tensor[2 * ranks.rank()].item<float>(), 0.0F);
    EXPECT_EQ(tensor[2 * ranks.rank() + 1].item<float>(), static_cast<float>(ranks.rank() + 1));
    for (int64_t i = 0; i < 6; ++i) {
      if (i / 2 != ranks.rank()) {
        EXPECT_EQ(tensor[i].item<float>(), before[i].item<float>());
      }
    }
  });
}

// 257/256 has a bit more than bfloat16 and is rounded to 1 as it travels; the sum, 1 + 1/1024, has more and is kept.
TEST(ReduceScatter, RoundsWhatTravelsAndNotTheSum) {
  RunRanks(2, absl::Seconds(20), [](Collectives& ranks) {
    torch::Tensor tensor = ranks.rank() == 0 ? at::full({2}, 257.0F / 256.0F) : at::full({2}, 1.0F / 1024.0F);
    ASSERT_TRUE(ranks.ReduceScatterSum(tensor, at::kBFloat16).ok());
    EXPECT_EQ(tensor[ranks.rank()].item<float>(), 1.0F + 1.0F / 1024.0F);
  });
  torch::Tensor alone = at::full({1}, 257.0F / 256.0F);
  ASSERT_TRUE(LocalCollectives()->ReduceScatterSum(alone, at::kBFloat16).ok());
  EXPECT_EQ(alone.item<float>(), 1.0F);
}

TEST(AllGather, GivesEveryRankEveryRun) {
  RunRanks(3, absl::Seconds(20), [](Collectives& ranks) {
    torch::Tensor tensor = at::full({6}, -1.0F);
    tensor.narrow(0, 2 * ranks.rank(), 2).fill_(static_cast<float>(ranks.rank()));
    ASSERT_TRUE(ranks.AllGather(tensor).ok());
    EXPECT_TRUE(tensor.equal(at::tensor({0.0F, 0.0F, 1.0F, 1.0F, 2.0F, 2.0F})));
  });
}

TEST(GatherShards, BringsEveryRanksPiecesToAll) {
  RunRanks(3, absl::Seconds(20), [](Collectives& ranks) {
    std::vector<torch::Tensor> wholes = {at::zeros({3, 4}), at::zeros({5}), at::zeros({2, 3})};
    const ShardPlan plan(ElementsOf(wholes), {2, 1}, 3);
    for (const torch::Tensor& piece : ShardOf(plan, ranks.rank(), wholes)) piece.fill_(ranks.rank() + 1.0);
    ASSERT_TRUE(GatherShards(plan, wholes, ranks).ok());
    // 12 + 5 elements in runs of 6, then 6 in runs of 2.
    const auto flat = at::cat({wholes[0].flatten(), wholes[1], wholes[2].flatten()});
    const auto expected = at::cat({at::full({6}, 1.0), at::full({6}, 2.0), at::full({5}, 3.0),
                                   at::full({2}, 1.0), at::full({2}, 2.0), at::full({2}, 3.0)});
    EXPECT_TRUE(flat.equal(expected.to(at::kFloat)));
  });
}

TrainerOptions Sharded(Sharding sharding) {
  TrainerOptions options = TinyOptions();
  options.plan.minibatch_responses =
      7;  // 16 responses: 7, 7 and 2, so that some of 4 ranks have no pass there
  options.mask_truncated = true;
  options.loss.kl_coefficient = 0.02;
  options.max_grad_norm = 0.5;  // clips
  options.sharding.sharding = sharding;
  return options;
}

struct World {
  Sharding sharding;
  int ranks;
};

class ShardedRanks : public testing::TestWithParam<World> {};

TEST_P(ShardedRanks, AgreeWithOneRankToRounding) {
  const Outcome one = ShortRun(1, Sharded(Sharding::kNone));
  EXPECT_GT(one.stats.at(0).steps.at(0).grad_norm, 0.5) << "so that clipping is tested";
  ExpectSameToRounding(one, ShortRun(GetParam().ranks, Sharded(GetParam().sharding)));
}

// Between the last backward pass and the step's end the ranks have something else to tell each other here, and those that
// make fewer passes are first.
TEST_P(ShardedRanks, CheckWhatTheActorsRecordedAsOneRankDoes) {
  TrainerOptions options = Sharded(Sharding::kNone);
  options.old_logprobs = OldLogprobs::kChecked;
  const Outcome one = ShortRun(1, options);
  options.sharding.sharding = GetParam().sharding;
  ExpectSameToRounding(one, ShortRun(GetParam().ranks, options));
}

TEST_P(ShardedRanks, ComeToTheSameBitsAgain) {
  const TrainerOptions options = Sharded(GetParam().sharding);
  EXPECT_TRUE(
      SameBits(ShortRun(GetParam().ranks, options).weights, ShortRun(GetParam().ranks, options).weights));
}

TEST_P(ShardedRanks, ExchangeInBfloat16IsNearFloat32) {
  TrainerOptions options = Sharded(GetParam().sharding);
  const Outcome exact = ShortRun(GetParam().ranks, options);
  options.sharding.bfloat16_exchange = true;
  const Outcome rounded = ShortRun(GetParam().ranks, options);
  const double a = exact.stats.at(0).steps.at(0).grad_norm;
  const double b = rounded.stats.at(0).steps.at(0).grad_norm;
  EXPECT_NE(a, b) << "something is rounded";
  EXPECT_NEAR(b, a, 1.0 / 256 * a);  // each contribution is off by half a unit of 8 bits at most
  for (size_t i = 0; i < exact.weights.size(); ++i) {
    // Adam's steps are of the learning rate's size, 1e-3, however small a gradient is.
    EXPECT_LT((exact.weights[i] - rounded.weights[i]).abs().mean().item<double>(), 2e-4);
  }
}

TEST_P(ShardedRanks, SkipAStepTogether) {
  const int ranks = GetParam().ranks;
  TrainerOptions options = Sharded(GetParam().sharding);
  options.old_logprobs = OldLogprobs::kActor;
  options.mask_truncated = false;
  options.loss.kl_coefficient = 0.0;
  options.plan.minibatch_responses = 16;
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 60);
  groups[0].mutable_responses(0)->set_logprobs(0, -1000.0F);
  groups[0].mutable_responses(0)->set_reward(0.0);
  groups[0].mutable_responses(1)->set_reward(1.0);
  groups[0].mutable_responses(1)->set_finish_reason(v1::FINISH_REASON_STOP);
  std::vector<std::vector<torch::Tensor>> weights(ranks);
  RunRanks(ranks, absl::Seconds(60), [&](Collectives& collectives) {
    auto trainer = Trainer::Create(options, TinyModelFor(options), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status();
    if (collectives.rank() != 0) {
      const auto end = FollowLeader(**trainer, collectives);
      EXPECT_TRUE(end.ok()) << end.status();
    } else {
      const auto stats = (*trainer)->Update(groups, 0, 0);
      ASSERT_TRUE(stats.ok()) << stats.status();
      EXPECT_EQ(stats->skipped_steps, 1);
      EXPECT_TRUE((*trainer)->StopFollowers().ok());
    }
    const TrainerState state = (*trainer)->State();
    const auto fresh = TinyModel();
    for (const auto& [name, pieces] : state.weight_pieces) {
      const torch::Tensor expected = fresh->weights().at(name).detach().flatten();
      const torch::Tensor values = pieces.at(0).values.flatten();
      EXPECT_TRUE(values.equal(expected.narrow(0, pieces.at(0).begin, values.numel()))) << name;
    }
    if (state.weight_pieces.empty()) weights[collectives.rank()] = CopyWeights(**trainer);
    for (const auto& [name, pieces] : (*trainer)->State().first_moments) {
      EXPECT_EQ(pieces.at(0).values.abs().max().item<float>(), 0.0F) << name;
    }
  });
  for (const auto& each : weights) {
    EXPECT_TRUE(each.empty() || SameBits(each, CopyWeights(*TinyModel())));
  }
}

std::string NameOf(const testing::TestParamInfo<World>& info) {
  const std::map<Sharding, std::string> names = {{Sharding::kOptimizer, "Optimizer"},
                                                 {Sharding::kGradients, "Gradients"},
                                                 {Sharding::kWeights, "Weights"}};
  return names.at(info.param.sharding) + std::to_string(info.param.ranks);
}

INSTANTIATE_TEST_SUITE_P(Worlds, ShardedRanks,
                         testing::Values(World{Sharding::kOptimizer, 1}, World{Sharding::kOptimizer, 2},
                                         World{Sharding::kOptimizer, 4}, World{Sharding::kGradients, 1},
                                         World{Sharding::kGradients, 2}, World{Sharding::kGradients, 4},
                                         World{Sharding::kWeights, 1}, World{Sharding::kWeights, 2},
                                         World{Sharding::kWeights, 4}),
                         NameOf);

const std::vector<SupervisedExample> kExamples = {
    {{2, 3}, {4, 5}}, {{6}, {7, 8, 9}}, {{1, 1}, {2}}, {{9}, {3, 1, 4, 1, 5}}, {{2}, {6, 5}}};

int64_t Elements(const std::vector<torch::Tensor>& tensors) {
  return std::accumulate(tensors.begin(), tensors.end(), int64_t{0},
                         [](int64_t sum, const torch::Tensor& tensor) { return sum + tensor.numel(); });
}

std::unique_ptr<model::Transformer> DeepModel(bool recompute) {
  at::set_num_threads(1);
  model::ModelConfig config = model::testing::TrainingConfig();
  config.num_layers = 12;  // two digits: names are not in the layers' order
  model::TransformerOptions options;
  options.trainable = true;
  options.recompute_layers = recompute;
  auto model = model::Transformer::Create(config, options, /*seed=*/1, /*init_std=*/0.2);
  EXPECT_TRUE(model.ok()) << model.status();
  return *std::move(model);
}

// What a rank holds of moments and gradients: its part of the moments, and of whole gradients never more than the
// embedding's, which is the head too, and two layers': one that is computed and one in flight.
TEST(LayerwiseGradients, HoldTwoLayersAtATime) {
  for (const bool recompute : {false, true}) {
    RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
      TrainerOptions options = Sharded(Sharding::kGradients);
      options.loss.kl_coefficient = 0.0;
      Replica replica(options, DeepModel(recompute), &collectives);
      const auto stats = SupervisedStep(replica, kExamples, {.learning_rate = 1e-3, .microbatch_tokens = 8});
      ASSERT_TRUE(stats.ok()) << stats.status();
      const Stepper& stepper = replica.stepper;
      const int64_t all = Elements(stepper.parameters());
      EXPECT_NEAR(static_cast<double>(Elements(stepper.adamw().first_moments())), all / 2.0, all * 0.02);
      EXPECT_NEAR(static_cast<double>(Elements(stepper.gradients().sums())), all / 2.0, all * 0.02);
      const auto& gradients = dynamic_cast<const LayerwiseGradients&>(stepper.gradients());
      const int64_t embedding = replica.model->weights().at("model.embed_tokens.weight").numel();
      const int64_t layer = (all - embedding) / 12;
      EXPECT_LE(gradients.most_elements(), embedding + 2 * layer + 4 * replica.model->config().hidden_size);
      EXPECT_GE(gradients.most_elements(), layer);
      for (const torch::Tensor& parameter : stepper.parameters()) EXPECT_FALSE(parameter.grad().defined());
    });
  }
}

// The sum is that of whole gradients, also where ranks make different numbers of passes.
TEST(LayerwiseGradients, AddUpToWholeOnes) {
  TrainerOptions options = Sharded(Sharding::kNone);
  options.loss.kl_coefficient = 0.0;
  const auto alone = LocalCollectives();
  Replica whole(options, DeepModel(false), alone.get());
  ASSERT_TRUE(SupervisedStep(whole, kExamples, {.learning_rate = 0.0}).ok());
  const torch::Tensor expected = whole.stepper.gradients().sums().at(0);
  options.sharding.sharding = Sharding::kGradients;
  RunRanks(3, absl::Seconds(60), [&](Collectives& collectives) {
    Replica replica(options, DeepModel(false), &collectives);
    // Five examples on three ranks, one a pass: 2, 2 and 1.
    ASSERT_TRUE(SupervisedStep(replica, kExamples, {.learning_rate = 0.0, .microbatch_tokens = 1}).ok());
    const Stepper& stepper = replica.stepper;
    const auto pieces = stepper.shards().Pieces(collectives.rank());
    for (size_t k = 0; k < pieces.size(); ++k) {
      const int64_t begin = whole.stepper.shards().Offset(pieces[k].parameter) + pieces[k].begin;
      const torch::Tensor part = expected.narrow(0, begin, pieces[k].elements);
      EXPECT_LT((stepper.gradients().pieces()[k] - part).abs().max().item<double>(), 1e-6)
          << stepper.names()[pieces[k].parameter];
    }
  });
}

// A whole state, as a checkpoint has it, is cut among the ranks, and they go on as one rank does.
TEST(ShardedState, ARestoredOneIsCutAmongTheRanks) {
  const TrainerOptions options = Sharded(Sharding::kNone);
  const auto groups = MakeRollout(*TinyModel(), 71);
  const auto alone = LocalCollectives();
  const auto straight = Trainer::Create(options, TinyModel(), alone.get()).value();
  ASSERT_TRUE(straight->BeginReinforcement().ok());
  ASSERT_TRUE(straight->Update(groups, 0, 0).ok());
  const TrainerState state = straight->State();
  for (const Sharding sharding : {Sharding::kOptimizer, Sharding::kGradients, Sharding::kWeights}) {
    Outcome outcome;
    RunRanks(3, absl::Seconds(60), [&](Collectives& collectives) {
      const TrainerOptions own = Sharded(sharding);
      const auto trainer = Trainer::Create(own, TinyModelFor(own, 99), &collectives).value();
      if (collectives.rank() != 0) {
        EXPECT_TRUE(FollowLeader(*trainer, collectives).ok());
        return;
      }
      ASSERT_TRUE(trainer->Restore(state).ok());
      const auto stats = trainer->Update(groups, 1, 1);
      ASSERT_TRUE(stats.ok()) << stats.status();
      outcome.stats.push_back(*stats);
      outcome.weights = CopyWeights(*trainer);
      ASSERT_TRUE(trainer->StopFollowers().ok());
    });
    const auto restored = Trainer::Create(options, TinyModel(99), alone.get()).value();
    ASSERT_TRUE(restored->Restore(state).ok());
    Outcome expected;
    expected.stats.push_back(restored->Update(groups, 1, 1).value());
    expected.weights = CopyWeights(restored->model());
    ExpectSameToRounding(expected, outcome);
  }
}

}  // namespace
}  // namespace drover::learner
