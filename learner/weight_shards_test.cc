// Master weights spread over the ranks: threads over Gloo, as in ranks_test.cc.
#include "learner/weight_shards.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <new>
#include <numeric>
#include <stdexcept>

#include "learner/followers.h"
#include "learner/replica.h"
#include "learner/supervised_step.h"
#include "learner/testing/short_run.h"
#include "learner/testing/support.h"
#include "learner/trainer.h"

namespace drover::learner {
namespace {

using testing::HasSubstr;
using testing_support::ExpectSameToRounding;
using testing_support::Outcome;
using testing_support::RankEnd;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::ShortRun;
using testing_support::TinyModel;
using testing_support::TinyModelFor;
using testing_support::TinyOptions;

TrainerOptions Sharing(Sharding sharding) {
  TrainerOptions options = TinyOptions();
  options.plan.minibatch_responses = 7;  // as in sharding_test.cc: some ranks have no pass in the last step
  options.loss.kl_coefficient = 0.02;
  options.sharding.sharding = sharding;
  return options;
}

const std::vector<SupervisedExample> kPassages = {
    {{2, 3}, {4, 5}}, {{6}, {7, 8, 9}}, {{1, 1}, {2}}, {{9}, {3, 1, 4, 1, 5}}, {{2}, {6, 5}}};

struct Shape {
  int layers = 12;  // two digits: names are not in the layers' order
  bool tied = true;
  torch::ScalarType dtype = torch::kFloat32;
};

std::unique_ptr<model::Transformer> Model(const Shape& shape, bool recompute, bool deferred = false) {
  at::set_num_threads(1);
  model::ModelConfig config = model::testing::TrainingConfig();
  config.num_layers = shape.layers;
  config.tie_word_embeddings = shape.tied;
  model::TransformerOptions options;
  options.dtype = shape.dtype;
  options.trainable = true;
  options.recompute_layers = recompute;
  options.deferred = deferred;
  auto model = model::Transformer::Create(config, options, /*seed=*/1, /*init_std=*/0.2);
  EXPECT_TRUE(model.ok()) << model.status();
  return *std::move(model);
}

int64_t Sum(const std::vector<torch::Tensor>& tensors) {
  return std::accumulate(tensors.begin(), tensors.end(), int64_t{0},
                         [](int64_t sum, const torch::Tensor& tensor) { return sum + tensor.numel(); });
}

TEST(WeightShards, ARankHoldsItsPartAndWhatIsComputed) {
  for (const bool tied : {true, false}) {
    RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
      TrainerOptions options = Sharing(Sharding::kWeights);
      options.loss.kl_coefficient = 0.0;
      Replica replica(options, Model({.tied = tied}, /*recompute=*/true), &collectives);
      // Five examples, one a pass: 3 and 2.
      const auto stats = SupervisedStep(replica, kPassages, {.learning_rate = 1e-3, .microbatch_tokens = 1});
      ASSERT_TRUE(stats.ok()) << stats.status();
      const Stepper& stepper = replica.stepper;
      const int64_t all = Sum(stepper.parameters());
      for (const auto& own : {stepper.weights()->pieces(), stepper.adamw().first_moments(),
                              stepper.adamw().second_moments(), stepper.gradients().pieces()}) {
        EXPECT_NEAR(static_cast<double>(Sum(own)), all / 2.0, all * 0.02);
      }
      const int64_t embedding = replica.model->weights().at("model.embed_tokens.weight").numel();
      const int64_t hidden = replica.model->config().hidden_size;
      const int64_t ends = (tied ? 1 : 2) * embedding + hidden;
      const int64_t layer = (all - ends) / 12;
      // One that is computed and one that comes.
      EXPECT_LE(stepper.weights()->most_elements(), ends + 2 * layer + 16);
      EXPECT_GE(stepper.weights()->most_elements(), ends + 2 * layer);
      for (const torch::Tensor& parameter : stepper.parameters()) {
        EXPECT_EQ(parameter.storage().nbytes(), 0u);
        EXPECT_FALSE(parameter.grad().defined());
      }
    });
  }
}

// Who has fewer passes than others waits in each of theirs.
TEST(WeightShards, ARankWithoutAPassLivesOn) {
  for (const Sharding sharding : {Sharding::kGradients, Sharding::kWeights}) {
    std::array<int, 2> signs = {};
    RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
      TrainerOptions options = Sharing(sharding);
      options.loss.kl_coefficient = 0.0;
      options.progress = [&own = signs.at(collectives.rank())] { ++own; };
      Replica replica(options, Model({}, /*recompute=*/true), &collectives);
      // Five examples, one a pass: 3 and 2.
      ASSERT_TRUE(SupervisedStep(replica, kPassages, {.learning_rate = 1e-3, .microbatch_tokens = 1}).ok());
    });
    EXPECT_THAT(signs, testing::Each(3));
  }
}

// The model of `sharding` after two steps on two ranks, as it is published.
std::string DigestOf(const Shape& shape, Sharding sharding) {
  std::string digest;
  RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
    TrainerOptions options = Sharing(sharding);
    options.loss.kl_coefficient = 0.0;
    Replica replica(options, Model(shape, sharding == Sharding::kWeights), &collectives);
    for (int step = 0; step < 2; ++step) {
      ASSERT_TRUE(SupervisedStep(replica, kPassages, {.learning_rate = 1e-2, .microbatch_tokens = 8}).ok());
    }
    const auto weights = replica.ExportWeights();
    ASSERT_TRUE(weights.ok()) << weights.status();
    if (collectives.rank() == 0) digest = weights->digest;
  });
  return digest;
}

TEST(WeightShards, StepsHaveTheBitsOfSharedGradients) {
  for (const bool tied : {true, false}) {
    for (const auto dtype : {torch::kFloat32, torch::kBFloat16}) {
      const Shape shape = {.tied = tied, .dtype = dtype};
      const std::string whole = DigestOf(shape, Sharding::kGradients);
      ASSERT_FALSE(whole.empty());
      EXPECT_EQ(DigestOf(shape, Sharding::kWeights), whole) << "tied " << tied << ", " << dtype;
    }
  }
}

TEST(WeightShards, RolloutsHaveTheBitsOfSharedGradients) {
  for (const int ranks : {2, 4}) {
    const Outcome whole = ShortRun(ranks, Sharing(Sharding::kGradients));
    const Outcome shared = ShortRun(ranks, Sharing(Sharding::kWeights));
    EXPECT_TRUE(SameBits(shared.weights, whole.weights));
    for (size_t rollout = 0; rollout < whole.stats.size(); ++rollout) {
      EXPECT_EQ(shared.stats[rollout].loss, whole.stats[rollout].loss);
      EXPECT_EQ(shared.stats[rollout].grad_norm, whole.stats[rollout].grad_norm);
    }
  }
}

// Two forward passes in front of each backward one.
TEST(WeightShards, RatiosOfWholeResponsesTakeASecondForwardPass) {
  TrainerOptions options = Sharing(Sharding::kNone);
  options.loss.ratio = PolicyRatio::kPerResponse;
  const Outcome one = ShortRun(1, options);
  options.sharding.sharding = Sharding::kWeights;
  ExpectSameToRounding(one, ShortRun(3, options));
}

TEST(WeightShards, RankZeroMeasuresWithTheWeightsOfAll) {
  const auto alone = LocalCollectives();
  const auto whole = Trainer::Create(Sharing(Sharding::kNone), TinyModel(), alone.get()).value();
  const double expected = whole->MeasureSupervised(kPassages, 8)->nats;
  std::array<int, 3> signs = {};  // of life, of each rank
  RunRanks(3, absl::Seconds(60), [&](Collectives& collectives) {
    TrainerOptions options = Sharing(Sharding::kWeights);
    options.progress = [&own = signs.at(collectives.rank())] { ++own; };
    const auto trainer =
        Trainer::Create(options, TinyModel(1 + collectives.rank(), torch::kFloat32, /*recompute=*/true),
                        &collectives)
            .value();
    if (collectives.rank() != 0) {
      EXPECT_TRUE(FollowLeader(*trainer, collectives).ok());
      return;
    }
    const auto measured = trainer->MeasureSupervised(kPassages, 8);
    ASSERT_TRUE(measured.ok()) << measured.status();
    EXPECT_EQ(measured->nats, expected);
    ASSERT_TRUE(trainer->StopFollowers().ok());
  });
  EXPECT_GT(signs[0], 1);
  EXPECT_THAT(signs, testing::Each(signs[0])) << "who lends weights lives on, too";
}

// No rank ever has memory for all of its weights, and rank 0's are those of all.
TEST(WeightShards, ADeferredModelIsTheOneThatItWouldHaveBeen) {
  const std::string whole = Model({}, /*recompute=*/true)->Export()->digest;
  RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
    auto model = Model({}, /*recompute=*/true, /*deferred=*/true);
    for (const auto& [name, weight] : model->weights()) EXPECT_EQ(weight.storage().nbytes(), 0u) << name;
    const auto trainer = Trainer::Create(Sharing(Sharding::kWeights), std::move(model), &collectives).value();
    if (collectives.rank() != 0) {
      EXPECT_TRUE(FollowLeader(*trainer, collectives).ok());
      return;
    }
    EXPECT_EQ(trainer->ExportWeights()->digest, whole);
    ASSERT_TRUE(trainer->StopFollowers().ok());
  });
}

// A rollout beside a reference on two ranks, behind a supervised step, or behind `restored`: the weights that come of it.
std::string DigestBesideAReference(bool deferred, const TrainerState* restored) {
  std::string digest;
  RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
    const auto trainer = Trainer::Create(Sharing(Sharding::kWeights),
                                         Model({.layers = 2}, /*recompute=*/true, deferred), &collectives)
                             .value();
    if (collectives.rank() != 0) {
      EXPECT_TRUE(FollowLeader(*trainer, collectives).ok());
      return;
    }
    if (restored != nullptr) {
      const absl::Status status = trainer->Restore(*restored);
      ASSERT_TRUE(status.ok()) << status;
    } else {
      ASSERT_TRUE(trainer->SupervisedStep(kPassages, {.learning_rate = 1e-3}).ok());
      ASSERT_TRUE(trainer->BeginReinforcement().ok());
    }
    const auto stats = trainer->Update(testing_support::MakeRollout(*TinyModel(), 71), 0, 0);
    ASSERT_TRUE(stats.ok()) << stats.status();
    digest = trainer->ExportWeights()->digest;
    ASSERT_TRUE(trainer->StopFollowers().ok());
  });
  return digest;
}

// The reference is whole on every rank, and is no more deferred than the policy that it is a copy of.
TEST(WeightShards, ADeferredModelLearnsBesideAReference) {
  const std::string whole = DigestBesideAReference(/*deferred=*/false, nullptr);
  ASSERT_FALSE(whole.empty());
  EXPECT_EQ(DigestBesideAReference(/*deferred=*/true, nullptr), whole);
  const auto alone = LocalCollectives();
  const auto other =
      Trainer::Create(Sharing(Sharding::kNone), Model({.layers = 2}, /*recompute=*/false), alone.get())
          .value();
  ASSERT_TRUE(other->SupervisedStep(kPassages, {.learning_rate = 1e-2}).ok());
  ASSERT_TRUE(other->BeginReinforcement().ok());
  const TrainerState state = other->State();
  const std::string restored = DigestBesideAReference(/*deferred=*/false, &state);
  EXPECT_NE(restored, whole);
  EXPECT_EQ(DigestBesideAReference(/*deferred=*/true, &state), restored);
}

// Rank 0 survives it, as when a checkpoint's memory runs out: the ranks have made the same gatherings, and go on together.
TEST(WeightShards, AnExceptionOfOneRanksVisitLeavesTheRanksInStep) {
  RunRanks(2, absl::Seconds(30), [](Collectives& collectives) {
    TrainerOptions options = Sharing(Sharding::kWeights);
    Replica replica(options, Model({.layers = 2}, /*recompute=*/true), &collectives);
    int visits = 0;
    const absl::Status visited = replica.stepper.weights()->ForEachWhole([&](size_t) -> absl::Status {
      if (++visits == 2 && collectives.rank() == 0) throw std::bad_alloc();
      return absl::OkStatus();
    });
    EXPECT_EQ(visited.code(), collectives.rank() == 0 ? absl::StatusCode::kInternal : absl::StatusCode::kOk);
    const auto stats = SupervisedStep(replica, kPassages, {.learning_rate = 1e-3});
    EXPECT_TRUE(stats.ok()) << stats.status();
    EXPECT_TRUE(replica.ExportWeights().ok());
  });
}

TEST(WeightShards, AnExceptionBehindALayersBackwardPassIsTheStepsError) {
  RunRanks(2, absl::Seconds(30), [](Collectives& collectives) {
    Replica replica(Sharing(Sharding::kWeights), Model({.layers = 2}, /*recompute=*/true), &collectives);
    replica.stepper.weights()->set_behind_backward([](size_t) { throw std::runtime_error("no memory"); });
    const auto stats = SupervisedStep(replica, kPassages, {.learning_rate = 1e-3});
    EXPECT_EQ(stats.status().code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(stats.status().message()), HasSubstr("no memory"));
  });
}

// Gradients that are not whole are sent nowhere.
TEST(WeightShards, NothingFollowsABackwardPassThatAnExceptionEnds) {
  RunRanks(2, absl::Seconds(30), [](Collectives& collectives) {
    Replica replica(Sharing(Sharding::kWeights), Model({.layers = 2}, /*recompute=*/true), &collectives);
    int ended = 0;
    replica.stepper.weights()->set_behind_backward([&](size_t) { ++ended; });
    replica.model->weights()
        .at("model.layers.1.mlp.up_proj.weight")
        .register_hook([](const torch::Tensor&) -> void { throw std::runtime_error("in the middle"); });
    EXPECT_THROW(SupervisedStep(replica, kPassages, {.learning_rate = 1e-3}).IgnoreError(), std::exception);
    EXPECT_EQ(ended, 0);
  });
}

TEST(WeightShards, ALostRankIsNamed) {
  RunRanks(
      2, absl::Seconds(30),
      [](Collectives& collectives) {
        TrainerOptions options = Sharing(Sharding::kWeights);
        Replica replica(options, Model({.layers = 2}, /*recompute=*/true), &collectives);
        ASSERT_TRUE(collectives.Barrier().ok());
        if (collectives.rank() == 1) return;  // gone
        const auto stats = SupervisedStep(replica, kPassages, {.learning_rate = 1e-3});
        EXPECT_THAT(std::string(stats.status().message()), HasSubstr("not heard of since: rank 1"));
        const auto weights = replica.ExportWeights();
        EXPECT_EQ(weights.status(), stats.status()) << "nothing waits a second time";
      },
      torch::kCPU, RankEnd::kAlone);
}

TEST(WeightShards, AValueHeadIsRefused) {
  RunRanks(2, absl::Seconds(30), [](Collectives& collectives) {
    TrainerOptions options = Sharing(Sharding::kWeights);
    options.advantage.baseline = Baseline::kValue;
    options.loss.value_coefficient = 0.1;
    const auto trainer = Trainer::Create(options, TinyModelFor(options), &collectives);
    EXPECT_EQ(trainer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(trainer.status().message()), HasSubstr("WEIGHTS with a value head"));
  });
}

TEST(WeightShards, NeedLayersThatAreComputedAgain) {
  RunRanks(2, absl::Seconds(30), [](Collectives& collectives) {
    const auto trainer = Trainer::Create(Sharing(Sharding::kWeights), TinyModel(), &collectives);
    EXPECT_EQ(trainer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(trainer.status().message()), HasSubstr("recompute_layers"));
  });
}

}  // namespace
}  // namespace drover::learner
