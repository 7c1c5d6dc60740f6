// Several ranks in one process: a thread each, over real Gloo connections on loopback.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "learner/collectives.h"
#include "learner/followers.h"
#include "learner/testing/support.h"
#include "learner/trainer.h"

namespace drover::learner {
namespace {

using testing_support::CopyWeights;
using testing_support::LargestDifference;
using testing_support::MakeRollout;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;
using testing_support::TruncatedResponses;

TEST(Collectives, SumBroadcastAndBarrier) {
  RunRanks(3, absl::Seconds(20), [](Collectives& ranks) {
    torch::Tensor floats = at::full({1000}, 0.1f * (ranks.rank() + 1));
    ASSERT_TRUE(ranks.AllReduceSum(floats).ok());
    EXPECT_NEAR(floats[999].item<double>(), 0.6, 1e-6);
    torch::Tensor doubles = at::full({1}, std::pow(2.0, -40.0 * ranks.rank()), at::kDouble);
    ASSERT_TRUE(ranks.AllReduceSum(doubles).ok());
    EXPECT_EQ(doubles.item<double>(), 1.0 + std::pow(2.0, -40.0) + std::pow(2.0, -80.0));
    torch::Tensor numbers = at::full({2, 2}, ranks.rank() + 5, at::kLong);
    ASSERT_TRUE(ranks.Broadcast(numbers).ok());
    EXPECT_EQ(numbers.sum().item<int64_t>(), 20);
    for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(1 << 20, 'x')}) {
      std::string bytes = ranks.rank() == 0 ? text : "something else";
      ASSERT_TRUE(ranks.Broadcast(&bytes, absl::Seconds(20)).ok());
      EXPECT_EQ(bytes, text);
    }
    EXPECT_TRUE(ranks.Barrier().ok());
  });
}

TEST(Collectives, WaitForBytesLongerThanForTensors) {
  RunRanks(2, absl::Milliseconds(600), [](Collectives& ranks) {
    std::string bytes;
    if (ranks.rank() == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
      bytes = "late";
    }
    const absl::Status status = ranks.Broadcast(&bytes, absl::Seconds(20));
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(bytes, "late");
  });
}

TEST(Collectives, AMissingPeerIsAnErrorInTime) {
  const absl::Time start = absl::Now();
  RunRanks(2, absl::Seconds(1), [](Collectives& ranks) {
    if (ranks.rank() == 1) {
      std::this_thread::sleep_for(std::chrono::seconds(3));  // alive, but says nothing
      return;
    }
    const absl::Status status = ranks.AllReduceSum(at::zeros({4}));
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status.ToString();
    EXPECT_EQ(ranks.Barrier(), status) << "the group is lost: nothing waits a second time";
  });
  RunRanks(2, absl::Seconds(30), [](Collectives& ranks) {
    ASSERT_TRUE(ranks.Barrier().ok());  // both have joined
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (ranks.rank() == 1) return;  // gone
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const absl::Status status = ranks.AllReduceSum(at::zeros({4}));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status.ToString();
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("rank 0 of 2"));
  });
  EXPECT_LT(absl::Now() - start, absl::Seconds(15));
}

TEST(Collectives, AnyRankMayAskRankZeroToStop) {
  RunRanks(2, absl::Seconds(20), [](Collectives& ranks) {
    EXPECT_FALSE(ranks.AskedToStop());
    ASSERT_TRUE(ranks.Barrier().ok());
    if (ranks.rank() == 1) {
      EXPECT_TRUE(ranks.AskToStop().ok());
    }
    ASSERT_TRUE(ranks.Barrier().ok());
    if (ranks.rank() == 0) {
      EXPECT_TRUE(ranks.AskedToStop());
    }
    ASSERT_TRUE(ranks.Barrier().ok());  // rank 0's store lives until all have looked
  });
}

TEST(Collectives, JoiningAloneTimesOut) {
  C10dOptions options;
  options.rank = 1;
  options.size = 2;
  options.port = 1;  // nobody listens there
  options.join_timeout = absl::Seconds(1);
  const auto joined = JoinC10d(options);
  EXPECT_FALSE(joined.ok());
  EXPECT_THAT(std::string(joined.status().message()), testing::HasSubstr("127.0.0.1:1"));
  options.rank = 2;
  EXPECT_EQ(JoinC10d(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.rank = 1;
  options.device = torch::Device(torch::kCUDA, 0);
#ifndef DROVER_CUDA
  EXPECT_THAT(std::string(JoinC10d(options).status().message()), testing::HasSubstr("no NCCL"));
#endif
}

struct Outcome {
  std::vector<UpdateStats> stats;
  double supervised_loss = 0.0;
  std::vector<torch::Tensor> weights;
};

// A short run: two supervised steps, then two rollouts whose minibatches do not divide among the ranks.
Outcome ShortRun(int ranks, const TrainerOptions& options) {
  Outcome outcome;
  std::vector<std::vector<torch::Tensor>> weights(ranks);
  RunRanks(ranks, absl::Seconds(60), [&](Collectives& collectives) {
    // Ranks come with weights of their own: rank 0's count.
    auto trainer = Trainer::Create(options, TinyModel(1 + collectives.rank()), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status().ToString();
    if (collectives.rank() != 0) {
      const auto end = FollowLeader(**trainer, collectives);
      ASSERT_TRUE(end.ok()) << end.status().ToString();
      EXPECT_EQ(*end, FollowEnd::kDone);
      EXPECT_EQ((*trainer)->StopFollowers().code(), absl::StatusCode::kFailedPrecondition);
    } else {
      for (int i = 0; i < 2; ++i) {
        const auto loss =
            (*trainer)->SupervisedStep({{{2, 3}, {4, 5}}, {{6}, {7, 8, 9}}, {{1, 1}, {2}}}, 1e-3);
        ASSERT_TRUE(loss.ok()) << loss.status().ToString();
        outcome.supervised_loss = *loss;
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
      ASSERT_TRUE((*trainer)->StopFollowers().ok());
    }
    weights[collectives.rank()] = CopyWeights((*trainer)->model());
  });
  for (int rank = 1; rank < ranks; ++rank)
    EXPECT_TRUE(SameBits(weights[0], weights[rank])) << "rank " << rank;
  outcome.weights = weights[0];
  return outcome;
}

class RankSplits : public testing::TestWithParam<int> {};

TEST_P(RankSplits, AgreeWithOneRankToRounding) {
  TrainerOptions options = TinyOptions();
  options.plan.minibatch_responses = 7;  // 16 responses: 7, 7 and 2, with masked ones among them
  options.mask_truncated = true;
  options.loss.kl_coefficient = 0.02;
  const Outcome one = ShortRun(1, options);
  const Outcome several = ShortRun(GetParam(), options);
  EXPECT_NEAR(several.supervised_loss, one.supervised_loss, 1e-5);
  for (size_t rollout = 0; rollout < 2; ++rollout) {
    const UpdateStats& a = one.stats[rollout];
    const UpdateStats& b = several.stats[rollout];
    ASSERT_EQ(a.steps.size(), 3u);
    ASSERT_EQ(b.steps.size(), 3u);
    for (size_t step = 0; step < 3; ++step) {
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
  for (size_t i = 0; i < one.weights.size(); ++i) {
    EXPECT_LT((one.weights[i] - several.weights[i]).abs().max().item<double>(), 1e-4);
  }
}

// More ranks than responses in the last minibatch: some have nothing to do there.
INSTANTIATE_TEST_SUITE_P(Two, RankSplits, testing::Values(2, 3));

TEST(RankSplits, ASkippedStepIsSkippedOnAllRanks) {
  TrainerOptions options = TinyOptions();
  options.actor_old_logprobs = true;
  options.plan.minibatch_responses = 16;
  std::vector<v1::Group> groups = MakeRollout(*TinyModel(), 60);
  v1::Response* response = groups[0].mutable_responses(0);
  response->set_logprobs(0, -1000.0f);
  response->set_reward(0.0);
  groups[0].mutable_responses(1)->set_reward(1.0);
  groups[0].mutable_responses(1)->set_finish_reason(v1::FINISH_REASON_STOP);
  std::vector<std::vector<torch::Tensor>> weights(2);
  RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
    auto trainer = Trainer::Create(options, TinyModel(), &collectives);
    ASSERT_TRUE(trainer.ok());
    if (collectives.rank() == 0) {
      const auto stats = (*trainer)->Update(groups, 0, 0);
      ASSERT_TRUE(stats.ok()) << stats.status().ToString();
      EXPECT_EQ(stats->skipped_steps, 1);
      EXPECT_TRUE((*trainer)->StopFollowers(FollowEnd::kStopped).ok());
    } else {
      int waits = 0, works = 0;
      const auto end =
          FollowLeader(**trainer, collectives, {.waiting = [&] { ++waits; }, .working = [&] { ++works; }});
      ASSERT_TRUE(end.ok()) << end.status().ToString();
      EXPECT_EQ(*end, FollowEnd::kStopped);
      EXPECT_EQ(waits, 2) << "for the update and for the stop";
      EXPECT_EQ(works, 2);
    }
    weights[collectives.rank()] = CopyWeights((*trainer)->model());
  });
  EXPECT_TRUE(SameBits(weights[0], CopyWeights(*TinyModel())));
  EXPECT_TRUE(SameBits(weights[1], CopyWeights(*TinyModel())));
}

}  // namespace
}  // namespace drover::learner
