// loss.old_logprobs: CHECKED is LEARNER, bit for bit, with fewer forward passes.
#include <gtest/gtest.h>

#include <algorithm>

#include "learner/followers.h"
#include "learner/forward.h"
#include "learner/rollout.h"
#include "learner/testing/support.h"
#include "learner/trainer.h"

namespace drover::learner {
namespace {

using testing_support::CopyWeights;
using testing_support::MakeRollout;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;

// A rollout whose recorded log-probabilities are those that the learner computes, as the actor's are on CPUs.
std::vector<v1::Group> ExactRollout() {
  const auto model = TinyModel();
  std::vector<v1::Group> groups = MakeRollout(*model, 71);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  std::vector<int64_t> all(rollout.size());
  for (int64_t r = 0; r < rollout.size(); ++r) all[r] = r;
  const Microbatch batch = MakeMicrobatch(rollout.sequences, all, at::kCPU);
  std::vector<std::vector<float>> exact(rollout.size());
  SplitTokens(batch, Score(*model, batch, {}).logprobs_K, &exact);
  int64_t r = 0;
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      response.mutable_logprobs()->Assign(exact[r].begin(), exact[r].end());
      ++r;
    }
  }
  return groups;
}

struct Outcome {
  UpdateStats stats;
  std::vector<torch::Tensor> weights;
  int passes = 0;  // microbatches that went through the model, on rank 0
};

Outcome UpdateBy(OldLogprobs source, const std::vector<v1::Group>& groups, int ranks = 1,
                 uint64_t version = 0) {
  Outcome outcome;
  RunRanks(ranks, absl::Seconds(60), [&](Collectives& collectives) {
    TrainerOptions options = TinyOptions();
    options.old_logprobs = source;
    options.learning_rate = 0.02;
    options.plan.minibatch_responses = 4;  // four steps an epoch
    options.plan.epochs = 2;
    options.microbatch_responses = 1;
    if (collectives.rank() == 0) options.progress = [&] { ++outcome.passes; };
    auto trainer = Trainer::Create(options, TinyModel(), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status().ToString();
    if (collectives.rank() != 0) {
      EXPECT_TRUE(FollowLeader(**trainer, collectives).ok());
      return;
    }
    const auto stats = (*trainer)->Update(groups, 0, version);
    ASSERT_TRUE(stats.ok()) << stats.status().ToString();
    outcome.stats = *stats;
    outcome.weights = CopyWeights((*trainer)->model());
    ASSERT_TRUE((*trainer)->StopFollowers().ok());
  });
  return outcome;
}

class CheckedLogprobs : public testing::TestWithParam<int> {};

TEST_P(CheckedLogprobs, SaveForwardPassesAndNoBit) {
  const std::vector<v1::Group> groups = ExactRollout();
  const Outcome learner = UpdateBy(OldLogprobs::kLearner, groups, GetParam());
  const Outcome checked = UpdateBy(OldLogprobs::kChecked, groups, GetParam());
  EXPECT_EQ(*learner.stats.logprob_gap_max, 0.0);
  EXPECT_EQ(*checked.stats.logprob_gap_max, 0.0);
  EXPECT_GT(learner.stats.ratio_max, 1.001) << "later steps are off-policy, or there is nothing to see";
  EXPECT_TRUE(SameBits(checked.weights, learner.weights));
  EXPECT_LT(checked.passes, learner.passes);
}

INSTANTIATE_TEST_SUITE_P(Ranks, CheckedLogprobs, testing::Values(1, 2));

TEST_P(CheckedLogprobs, OfActorsThatRecordOthersAreComputedAgain) {
  std::vector<v1::Group> groups = ExactRollout();
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      for (float& logprob : *response.mutable_logprobs()) logprob -= 0.01f;
    }
  }
  const Outcome learner = UpdateBy(OldLogprobs::kLearner, groups, GetParam());
  const Outcome checked = UpdateBy(OldLogprobs::kChecked, groups, GetParam());
  EXPECT_NEAR(*checked.stats.logprob_gap_mean, 0.01, 1e-5);
  EXPECT_TRUE(SameBits(checked.weights, learner.weights));
  EXPECT_EQ(checked.passes, learner.passes);
  const Outcome actor = UpdateBy(OldLogprobs::kActor, groups, GetParam());
  EXPECT_FALSE(SameBits(actor.weights, learner.weights)) << "a fall back that is not taken would show";
}

TEST(CheckedLogprobs, OfOtherVersionsAreComputed) {
  const std::vector<v1::Group> groups = ExactRollout();  // of version 0
  const Outcome learner = UpdateBy(OldLogprobs::kLearner, groups, 1, /*version=*/3);
  const Outcome checked = UpdateBy(OldLogprobs::kChecked, groups, 1, /*version=*/3);
  EXPECT_TRUE(SameBits(checked.weights, learner.weights));
  EXPECT_EQ(checked.passes, learner.passes);
}

TEST(CheckedLogprobs, OneWrongTokenOfTheFirstStepIsEnough) {
  std::vector<v1::Group> groups = ExactRollout();
  const Outcome exact = UpdateBy(OldLogprobs::kChecked, groups);
  // Which responses the first step sees depends on the shuffle: of all sixteen, four and those without signal.
  int noticed = 0;
  for (v1::Group& group : groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      const float kept = response.logprobs(0);
      response.set_logprobs(0, kept - 1e-3f);
      if (UpdateBy(OldLogprobs::kChecked, groups).passes > exact.passes) ++noticed;
      response.set_logprobs(0, kept);
    }
  }
  EXPECT_GE(noticed, 4);
  EXPECT_LT(noticed, 16);
}

}  // namespace
}  // namespace drover::learner
