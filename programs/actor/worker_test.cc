#include "programs/actor/worker.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "programs/actor/testing/fakes.h"
#include "programs/actor/testing/leases.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);  // far more than anything here takes

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    options_.name = "actor-0";
    options_.groups_in_flight = 4;
    options_.group_size = 2;
    options_.drain_timeout = absl::Seconds(1);
  }
  ~WorkerTest() override { Join(); }

  void Start() {
    WorkerParts parts;
    parts.leases = &learner_;
    parts.grader = &grader_;
    parts.weights = &weights_;
    parts.generator = &generator_;
    parts.metrics = &metrics_;
    parts.readiness = &readiness_;
    parts.heartbeats = &heartbeats_;
    parts.encode = [](std::string_view text) -> absl::StatusOr<std::vector<uint32_t>> {
      if (text == "bad") return absl::InvalidArgumentError("cannot spell it");
      return std::vector<uint32_t>(text.size(), 5);
    };
    worker_ = std::make_unique<Worker>(options_, parts);
    thread_ = std::thread([this] { result_ = worker_->Run(); });
  }
  void Join() {
    if (thread_.joinable()) {
      worker_->Drain();
      thread_.join();
    }
  }
  template <typename Condition>
  bool Eventually(Condition condition) {
    const absl::Time deadline = absl::Now() + kSoon;
    while (absl::Now() < deadline) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }

  WorkerOptions options_;
  FakeLearner learner_;
  FakeGrader grader_;
  FakeWeights weights_;
  FakeGenerator generator_;
  metrics::ActorMetrics metrics_;
  process::Readiness readiness_;
  std::atomic<absl::Duration> now_{absl::ZeroDuration()};
  Heartbeats heartbeats_{absl::Seconds(10), [this] { return now_.load(); }};
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
  absl::Status result_ = absl::UnknownError("still running");
};

TEST_F(WorkerTest, LeasesBecomeGradedGroupsAndTheEndOfTheRunIsItsEnd) {
  for (uint64_t id = 1; id <= 20; ++id) learner_.Offer(MakeLease(id, 0));
  learner_.Finish();
  weights_.Publish(1, 0);
  Start();
  thread_.join();
  EXPECT_TRUE(result_.ok()) << result_;
  const auto groups = learner_.groups();
  ASSERT_EQ(groups.size(), 20u);
  EXPECT_EQ(groups.at(3).group(), 30u);
  EXPECT_EQ(groups.at(3).responses_size(), 2);
  EXPECT_EQ(groups.at(3).responses(1).reward(), 1);
  EXPECT_EQ(groups.at(3).responses(1).reason(), "equal_exact");
  EXPECT_LE(learner_.most_asked(), options_.groups_in_flight);
}

TEST_F(WorkerTest, WaitsForTheVersionThatALeaseNeeds) {
  learner_.Offer(MakeLease(1, 5));
  weights_.Publish(1, 4);
  Start();
  ASSERT_TRUE(Eventually([&] { return generator_.version == 4 && metrics_.groups_waiting.Value() == 1; }));
  weights_.Publish(1, 5);
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1; }));
  EXPECT_EQ(learner_.groups().at(1).responses(0).versions(0).version(), 5u);
}

// Every loop is woken by what it waits for: were one to look now and then, this would take its pause each time.
TEST_F(WorkerTest, NothingWaitsForALook) {
  Start();
  const absl::Time begun = absl::Now();
  for (uint64_t id = 1; id <= 10; ++id) {
    learner_.Offer(MakeLease(id, id));
    ASSERT_TRUE(Eventually([&] { return metrics_.groups_waiting.Value() == 1; }));
    weights_.Publish(1, id);
    ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == id; }));
  }
  EXPECT_LT(absl::Now() - begun, kSoon);
}

TEST_F(WorkerTest, DrainSwapsBetweenGroupsOnly) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  weights_.Publish(1, 1);
  learner_.Offer(MakeLease(2, 1));
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 2; }));
  EXPECT_FALSE(generator_.swapped_while_running);
  EXPECT_EQ(learner_.groups().at(1).responses(0).versions(0).version(), 0u);
  EXPECT_EQ(learner_.groups().at(2).responses(0).versions(0).version(), 1u);
}

TEST_F(WorkerTest, AnOlderVersionIsEvaluatedWhileTrainingGoesOn) {
  learner_.SetEvaluating(0);
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1; }));
  weights_.Publish(1, 1);
  for (uint64_t id = 2; id <= 6; ++id) {
    learner_.Offer(MakeLease(id, 1));
    learner_.Offer(MakeEvaluation(id + 100, 0));
  }
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 11; }));
  for (const auto& [lease, group] : learner_.groups()) {
    const uint64_t version = lease == 1 || lease > 100 ? 0 : 1;
    EXPECT_EQ(group.responses(0).versions(0).version(), version) << lease;
  }
  EXPECT_FALSE(generator_.swapped_while_running);
  EXPECT_EQ(weights_.fetches(), 0) << "it was here, and was kept";
  ASSERT_TRUE(Eventually([&] { return generator_.version == 1; }))
      << "and the newest are in the engine again";
}

// As of an actor that came after the version that is evaluated.
TEST_F(WorkerTest, AVersionThatIsNotHereIsFetchedAndWhatCannotBeHadGoesBack) {
  learner_.SetEvaluating(3);
  weights_.Keep(1, 3);
  weights_.Publish(1, 5);
  learner_.Offer(MakeEvaluation(100, 3));
  learner_.Offer(MakeEvaluation(101, 2));
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1 && learner_.returned().size() == 1; }));
  EXPECT_EQ(learner_.groups().at(100).responses(0).versions(0).version(), 3u);
  EXPECT_EQ(learner_.returned().at(101), false) << "it is no fault of the group";
  EXPECT_GE(weights_.fetches(), 2);
}

TEST_F(WorkerTest, ContinueSwapsWhileGroupsRun) {
  options_.continue_on_swap = true;
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  weights_.Publish(1, 1);
  ASSERT_TRUE(Eventually([&] { return generator_.version == 1; }));
  EXPECT_TRUE(generator_.swapped_while_running);
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1; }));
}

TEST_F(WorkerTest, MetricsShowWhatTheEngineCounts) {
  generator_.tally = {.pages = 40,
                      .used_pages = 7,
                      .prefilled_tokens = 90,
                      .shared_tokens = 32,
                      .recomputed_tokens = 11,
                      .preemptions = 2};
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1; }));
  EXPECT_EQ(metrics_.engine.cache_pages.Value(), 40);
  EXPECT_EQ(metrics_.engine.cache_used_pages.Value(), 7);
  EXPECT_EQ(metrics_.engine.prefilled_tokens.Value(), 90) << "of three steps, each token once";
  EXPECT_EQ(metrics_.engine.shared_tokens.Value(), 32);
  EXPECT_EQ(metrics_.engine.recomputed_tokens.Value(), 11);
  EXPECT_EQ(metrics_.engine.preemptions.Value(), 2);
}

TEST_F(WorkerTest, ALeaseThatIsNoLongerOursIsCancelled) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  learner_.Expire(1);
  ASSERT_TRUE(Eventually([&] { return generator_.cancels == 1; }));
  EXPECT_EQ(metrics_.leases_held.Value(), 0);
  Join();
  EXPECT_EQ(generator_.cancels, 1);
  EXPECT_TRUE(learner_.groups().empty());
}

TEST_F(WorkerTest, ANewIncarnationDropsTheOldOnesLeases) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 3));
  weights_.Publish(1, 3);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  weights_.Publish(2, 1);  // an older version of a newer incarnation
  learner_.Offer(MakeLease(2, 1, /*incarnation=*/2));
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().count(2) == 1; }));
  EXPECT_EQ(generator_.version, 1u);
}

TEST_F(WorkerTest, DrainHandsBackWhatCannotBeFinished) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  EXPECT_TRUE(worker_->ready());
  worker_->Drain();
  EXPECT_FALSE(worker_->ready());
  thread_.join();
  EXPECT_TRUE(result_.ok());
  const auto returned = learner_.returned();
  ASSERT_EQ(returned.count(1), 1u);
  EXPECT_FALSE(returned.at(1));  // counted as expired, not failed
}

TEST_F(WorkerTest, DrainEndsThoughTheLearnerIsAway) {
  generator_.blocked = true;
  options_.drain_timeout = absl::Milliseconds(50);
  learner_.BeUnreachable();
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  const absl::Time begun = absl::Now();
  Join();
  EXPECT_LT(absl::Now() - begun, absl::Seconds(8));
  EXPECT_TRUE(result_.ok()) << result_;
}

TEST_F(WorkerTest, AGroupThatIsBeingGradedAtTheEndGoesBackOnce) {
  grader_.Block(true);
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return grader_.asked() == 1; }));
  Join();
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_EQ(learner_.times_returned(1), 1);
  EXPECT_TRUE(learner_.groups().empty());
  EXPECT_EQ(metrics_.groups(metrics::GroupEnd::kReturned).Value(), 1);
}

TEST_F(WorkerTest, AnErrorOfTheGraderIsNoReward) {
  grader_.error = absl::UnavailableError("no verifier");
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.returned().count(1) == 1; }));
  EXPECT_FALSE(learner_.returned().at(1)) << "a verifier that is away is no failure of the group";
  EXPECT_TRUE(learner_.groups().empty());
}

TEST_F(WorkerTest, AGroupThatTheGraderRefusesHasFailed) {
  grader_.error = absl::InvalidArgumentError("no such format");
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.returned().count(1) == 1; }));
  EXPECT_TRUE(learner_.returned().at(1));
}

TEST_F(WorkerTest, DrainHandsBackAtOnceWhatWasNotBegun) {
  options_.drain_timeout = absl::Minutes(5);
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  learner_.Offer(MakeLease(2, /*min_version=*/7));
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_waiting.Value() == 1; }));
  worker_->Drain();
  EXPECT_EQ(metrics_.draining.Value(), 1);
  ASSERT_TRUE(Eventually([&] { return learner_.returned().count(2) == 1; }));
  EXPECT_EQ(learner_.returned().count(1), 0u) << "it is being generated, and there is time";
  generator_.blocked = false;
  thread_.join();
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_EQ(learner_.groups().count(1), 1u);
}

TEST_F(WorkerTest, DrainWaitsForTheAnswerWhenItHandsBack) {
  options_.drain_timeout = absl::Minutes(1);
  learner_.TakeTimeToReturn(absl::Milliseconds(200));
  learner_.Offer(MakeLease(1, /*min_version=*/7));
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_waiting.Value() == 1; }));
  worker_->Drain();
  thread_.join();
  EXPECT_EQ(learner_.returned().count(1), 1u) << "the call was not cut off though nothing else was held";
}

TEST_F(WorkerTest, ReadinessFollowsWeightsAndDraining) {
  Start();
  EXPECT_EQ(readiness_.Check().message(), "starting");
  weights_.Publish(1, 0);
  ASSERT_TRUE(Eventually([&] { return readiness_.Check().ok(); }));
  worker_->Drain();
  EXPECT_EQ(readiness_.Check().message(), "draining");
  thread_.join();
}

TEST_F(WorkerTest, AnEngineThatHangsIsNoticedAndAnIdleOneIsNot) {
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return readiness_.Check().ok(); }));
  now_ = absl::Seconds(14);  // over the limit, and within the time that an idle loop says
  EXPECT_TRUE(heartbeats_.Check().ok()) << heartbeats_.Check();
  generator_.stuck = true;
  learner_.Offer(MakeLease(1, 0));
  ASSERT_TRUE(Eventually([&] { return generator_.inside.load(); }));
  now_ = absl::Seconds(25);
  const absl::Status late = heartbeats_.Check();
  EXPECT_NE(late.message().find("\"engine\""), absl::string_view::npos) << late;
  EXPECT_EQ(late.message().find("\"lease\""), absl::string_view::npos) << late;
  generator_.stuck = false;
  weights_.Publish(1, 1);  // every loop goes round
  EXPECT_TRUE(Eventually([&] { return heartbeats_.Check().ok(); }));
}

TEST_F(WorkerTest, AnotherRecipeOfTheLearnerEndsTheWorker) {
  options_.sampling_digest = "ours";
  learner_.SetDigest("theirs");
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  thread_.join();
  EXPECT_EQ(result_.code(), absl::StatusCode::kAborted) << result_;
  EXPECT_NE(result_.message().find("theirs"), absl::string_view::npos) << result_;
  EXPECT_EQ(learner_.returned().count(1), 1u) << "others may serve it";
  EXPECT_TRUE(learner_.groups().empty());
}

TEST_F(WorkerTest, APromptThatCannotBeServedIsHandedBackAsFailed) {
  v1::Lease lease = MakeLease(1, 0);
  lease.mutable_prompt()->set_text("bad");
  learner_.Offer(lease);
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return learner_.returned().count(1) == 1; }));
  EXPECT_TRUE(learner_.returned().at(1));
}

// One of its processes is gone, which nothing else would notice while there is nothing to do.
TEST_F(WorkerTest, AGeneratorThatCannotGoOnEndsAnIdleActor) {
  generator_.idle_error = absl::UnavailableError("rank 1 is gone");
  Start();
  thread_.join();
  EXPECT_EQ(result_.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(result_.message().find("rank 1 is gone"), absl::string_view::npos) << result_;
}

TEST_F(WorkerTest, WeightsThatDoNotFitEndTheActor) {
  generator_.swap_error = absl::InvalidArgumentError("wrong shape");
  weights_.Publish(1, 0);
  Start();
  thread_.join();
  EXPECT_EQ(result_.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(result_.message().find("wrong shape"), absl::string_view::npos);
}

}  // namespace
}  // namespace drover::actor_process
