// Several ranks in one process: a thread each, over real Gloo connections on loopback.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "learner/followers.h"
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
using testing_support::RankEnd;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::ShortRun;
using testing_support::TinyModel;
using testing_support::TinyOptions;

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
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("not heard of since: rank 1"));
    EXPECT_TRUE(ranks.lost());
    EXPECT_EQ(ranks.Barrier(), status) << "the group is lost: nothing waits a second time";
  });
  const auto leave = [](Collectives& ranks) {
    ASSERT_TRUE(ranks.Barrier().ok());  // both have joined
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (ranks.rank() == 1) return;  // gone
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const absl::Status status = ranks.AllReduceSum(at::zeros({4}));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status.ToString();
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("rank 0 of 2"));
    EXPECT_THAT(std::string(status.message()), testing::EndsWith("not heard of since: rank 1"));
  };
  RunRanks(2, absl::Seconds(30), leave, torch::kCPU, RankEnd::kAlone);
  EXPECT_LT(absl::Now() - start, absl::Seconds(15));
}

TEST(Collectives, AWordReachesEveryRank) {
  RunRanks(3, absl::Seconds(20), [](Collectives& ranks) {
    EXPECT_FALSE(ranks.Told("word").value().has_value());
    ASSERT_TRUE(ranks.Barrier().ok());
    if (ranks.rank() == 2) {
      EXPECT_TRUE(ranks.Tell("word", std::string("a\0b", 3)).ok());
    }
    ASSERT_TRUE(ranks.Barrier().ok());
    EXPECT_EQ(ranks.Told("word").value(), std::string("a\0b", 3));
    ASSERT_TRUE(ranks.Barrier().ok());  // rank 0's store lives until all have looked
  });
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

class RankSplits : public testing::TestWithParam<int> {};

TEST_P(RankSplits, AgreeWithOneRankToRounding) {
  TrainerOptions options = TinyOptions();
  options.plan.minibatch_responses = 7;  // 16 responses: 7, 7 and 2, with masked ones among them
  options.mask_truncated = true;
  options.loss.kl_coefficient = 0.02;
  const Outcome one = ShortRun(1, options);
  const Outcome several = ShortRun(GetParam(), options);
  EXPECT_EQ(one.stats.at(0).steps.size(), 3u);
  ExpectSameToRounding(one, several);
}

// More ranks than responses in the last minibatch: some have nothing to do there.
INSTANTIATE_TEST_SUITE_P(Two, RankSplits, testing::Values(2, 3));

TEST(RankSplits, ASkippedStepIsSkippedOnAllRanks) {
  TrainerOptions options = TinyOptions();
  options.old_logprobs = OldLogprobs::kActor;
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
