#include "learner/testing/short_run.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "learner/followers.h"
#include "learner/testing/support.h"
#include "learner/trainer.h"

namespace drover::learner::testing_support {
namespace {

void ExpectSameUpdate(const UpdateStats& a, const UpdateStats& b) {
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (size_t step = 0; step < a.steps.size(); ++step) {
    EXPECT_NEAR(b.steps[step].loss, a.steps[step].loss, 1e-6);
    EXPECT_NEAR(b.steps[step].grad_norm, a.steps[step].grad_norm, 1e-4 * a.steps[step].grad_norm);
  }
  EXPECT_NEAR(b.entropy, a.entropy, 1e-4);
  EXPECT_NEAR(b.ratio_max, a.ratio_max, 1e-4);
  EXPECT_NEAR(b.ratio_mean, a.ratio_mean, 1e-4);
  EXPECT_NEAR(b.kl_reference, a.kl_reference, 1e-5);
  EXPECT_NEAR(*b.logprob_gap_mean, *a.logprob_gap_mean, 1e-4);
  EXPECT_EQ(b.advantages, a.advantages);
}

}  // namespace

Outcome ShortRun(int ranks, const TrainerOptions& options, torch::ScalarType dtype) {
  Outcome outcome;
  std::vector<std::vector<torch::Tensor>> weights(ranks);
  RunRanks(ranks, absl::Seconds(60), [&](Collectives& collectives) {
    // Ranks come with weights of their own: rank 0's count.
    auto trainer =
        Trainer::Create(options, TinyModelFor(options, 1 + collectives.rank(), dtype), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status().ToString();
    if (collectives.rank() != 0) {
      const auto end = FollowLeader(**trainer, collectives);
      ASSERT_TRUE(end.ok()) << end.status().ToString();
      EXPECT_EQ(*end, FollowEnd::kDone);
      EXPECT_EQ((*trainer)->StopFollowers().code(), absl::StatusCode::kFailedPrecondition);
    } else {
      for (int i = 0; i < 2; ++i) {
        const auto loss = (*trainer)->SupervisedStep({{{2, 3}, {4, 5}}, {{6}, {7, 8, 9}}, {{1, 1}, {2}}},
                                                     {.learning_rate = 1e-3});
        ASSERT_TRUE(loss.ok()) << loss.status().ToString();
        outcome.supervised_loss = loss->loss;
      }
      ASSERT_TRUE((*trainer)->BeginReinforcement().ok());
      ASSERT_TRUE((*trainer)->KeepAlive().ok());
      for (uint64_t rollout = 0; rollout < 2; ++rollout) {
        const std::vector<v1::Group> groups = MakeRollout(*TinyModel(1), 50 + rollout);
        EXPECT_GT(TruncatedResponses(groups), 0);
        const auto stats = (*trainer)->Update(groups, rollout, 0);
        ASSERT_TRUE(stats.ok()) << stats.status().ToString();
        outcome.stats.push_back(*stats);
      }
      if ((*trainer)->shares_weights()) outcome.weights = CopyWeights(**trainer);
      ASSERT_TRUE((*trainer)->StopFollowers().ok());
    }
    if (!(*trainer)->shares_weights()) weights[collectives.rank()] = CopyWeights(**trainer);
  });
  for (int rank = 1; rank < ranks; ++rank)
    EXPECT_TRUE(SameBits(weights[0], weights[rank])) << "rank " << rank;
  if (outcome.weights.empty()) outcome.weights = weights[0];
  return outcome;
}

void ExpectSameToRounding(const Outcome& a, const Outcome& b) {
  EXPECT_NEAR(b.supervised_loss, a.supervised_loss, 1e-5);
  for (size_t rollout = 0; rollout < a.stats.size(); ++rollout)
    ExpectSameUpdate(a.stats.at(rollout), b.stats.at(rollout));
  for (size_t i = 0; i < a.weights.size(); ++i) {
    EXPECT_LT((a.weights[i] - b.weights[i]).abs().max().item<double>(), 1e-4);
  }
}

}  // namespace drover::learner::testing_support
