#include "services/actor/worker.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "absl/time/clock.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);  // far more than anything here takes

v1::Lease MakeLease(uint64_t id, uint64_t min_version, uint32_t incarnation = 1) {
  v1::Lease lease;
  lease.set_lease(id);
  lease.set_group(id * 10);
  lease.set_incarnation(incarnation);
  lease.set_kind(v1::LEASE_KIND_TRAIN);
  lease.set_min_version(min_version);
  lease.set_ttl_seconds(0.3);
  lease.mutable_sampling()->set_group_size(2);
  lease.mutable_prompt()->set_text("q");
  return lease;
}

// A learner that leases what it is given and keeps what it gets.
class FakeLearner : public LeaseSource {
 public:
  absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request) override {
    absl::MutexLock lock(&mutex_);
    const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return cancelled_ || finished_ || !leases_.empty();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&some), absl::Milliseconds(50));
    if (cancelled_) return absl::CancelledError("stopped");
    v1::LeaseGroupsResponse response;
    while (!leases_.empty() && response.leases_size() < static_cast<int>(request.max_leases())) {
      most_asked_ = std::max(most_asked_, request.max_leases());
      held_.insert(leases_.front().lease());
      *response.add_leases() = leases_.front();
      leases_.erase(leases_.begin());
    }
    response.set_finished(finished_ && leases_.empty());
    response.set_sampling_digest(digest_);
    return response;
  }
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) override {
    absl::MutexLock lock(&mutex_);
    v1::RenewLeasesResponse response;
    for (uint64_t id : request.leases()) {
      if (held_.count(id) > 0) response.add_held(id);
    }
    ++renewals_;
    return response;
  }
  absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) override {
    absl::MutexLock lock(&mutex_);
    if (unreachable_) {
      const auto cancelled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return cancelled_; };
      mutex_.Await(absl::Condition(&cancelled));
      return absl::CancelledError("stopped");
    }
    const auto cancelled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return cancelled_; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&cancelled), return_time_)) {
      return absl::CancelledError("stopped");
    }
    for (uint64_t id : request.leases()) returned_[id] = request.failed();
    return absl::OkStatus();
  }
  absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request) override {
    absl::MutexLock lock(&mutex_);
    groups_[request.group().lease()] = request.group();
    v1::SubmitGroupResponse response;
    response.set_outcome(v1::SUBMIT_OUTCOME_ACCEPTED);
    return response;
  }
  void Cancel() override {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  void Offer(v1::Lease lease) {
    absl::MutexLock lock(&mutex_);
    leases_.push_back(std::move(lease));
  }
  void SetDigest(const std::string& digest) {
    absl::MutexLock lock(&mutex_);
    digest_ = digest;
  }
  void Finish() {
    absl::MutexLock lock(&mutex_);
    finished_ = true;
  }
  // Calls to hand leases back take so long.
  void TakeTimeToReturn(absl::Duration time) {
    absl::MutexLock lock(&mutex_);
    return_time_ = time;
  }
  // Calls to hand leases back hang until Cancel().
  void BeUnreachable() {
    absl::MutexLock lock(&mutex_);
    unreachable_ = true;
  }
  void Expire(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    held_.erase(id);
  }
  std::map<uint64_t, v1::Group> groups() {
    absl::MutexLock lock(&mutex_);
    return groups_;
  }
  std::map<uint64_t, bool> returned() {
    absl::MutexLock lock(&mutex_);
    return returned_;
  }
  uint32_t most_asked() {
    absl::MutexLock lock(&mutex_);
    return most_asked_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<v1::Lease> leases_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> held_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, v1::Group> groups_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, bool> returned_ ABSL_GUARDED_BY(mutex_);
  uint32_t most_asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int renewals_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string digest_ ABSL_GUARDED_BY(mutex_);
  absl::Duration return_time_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool unreachable_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Every response is right.
class FakeGrader : public Grader {
 public:
  absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                     absl::Time) override {
    if (!error.ok()) return error;
    std::vector<v1::GradeResult> results(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      results[i].set_id(requests[i].id());
      results[i].set_reward(requests[i].truncated() ? 0 : 1);
      results[i].set_reason("equal_exact");
    }
    return results;
  }
  void Stop() override {}
  absl::Status error;
};

class FakeWeights : public WeightSource {
 public:
  std::shared_ptr<const weights::Received> Newest() const override {
    absl::MutexLock lock(&mutex_);
    return newest_;
  }
  void Publish(uint32_t incarnation, uint64_t version) {
    auto received = std::make_shared<weights::Received>();
    received->incarnation = incarnation;
    received->version = version;
    absl::MutexLock lock(&mutex_);
    newest_ = std::move(received);
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const weights::Received> newest_ ABSL_GUARDED_BY(mutex_);
};

// Groups end after `steps` steps, unless blocked.
class FakeGenerator : public Generator {
 public:
  absl::Status Add(Generation generation) override {
    if (generation.prompt_token_ids.size() != 1) return absl::InvalidArgumentError("one token, please");
    running_[generation.id] = {generation, 0};
    return absl::OkStatus();
  }
  std::vector<Generated> Step() override {
    std::vector<Generated> ended;
    for (inside = true; stuck;) absl::SleepFor(absl::Milliseconds(1));
    inside = false;
    if (blocked) {
      absl::SleepFor(absl::Milliseconds(1));
      return ended;
    }
    for (auto at = running_.begin(); at != running_.end();) {
      if (++at->second.second < 3) {
        ++at;
        continue;
      }
      Generated each{.id = at->first};
      each.responses.resize(at->second.first.sampling.group_size());
      for (v1::Response& response : each.responses) {
        response.add_token_ids(7);
        v1::VersionRun& run = *response.add_versions();
        run.set_version(version);
        run.set_count(1);
      }
      ended.push_back(std::move(each));
      at = running_.erase(at);
    }
    return ended;
  }
  bool Cancel(uint64_t id) override {
    cancelled.insert(id);
    return running_.erase(id) > 0;
  }
  absl::Status SwapWeights(uint64_t new_version, const model::WeightSet&) override {
    if (!running_.empty()) swapped_while_running = true;
    version = new_version;
    return swap_error;
  }
  size_t groups() const override { return running_.size(); }
  size_t queued() const override { return running_.size() > rows ? running_.size() - rows : 0; }

  size_t rows = 1000;  // groups that run at a time
  std::atomic<bool> blocked{false};
  std::atomic<bool> stuck{false};   // a step does not return
  std::atomic<bool> inside{false};  // a step
  std::atomic<uint64_t> version{0};
  std::atomic<bool> swapped_while_running{false};
  std::set<uint64_t> cancelled;
  absl::Status swap_error;

 private:
  std::map<uint64_t, std::pair<Generation, int>> running_;
};

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
  ASSERT_TRUE(Eventually([&] { return generator_.version == 4; }));
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_TRUE(learner_.groups().empty());
  weights_.Publish(1, 5);
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1; }));
  EXPECT_EQ(learner_.groups().at(1).responses(0).versions(0).version(), 5u);
}

TEST_F(WorkerTest, DrainSwapsBetweenGroupsOnly) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  weights_.Publish(1, 1);
  learner_.Offer(MakeLease(2, 0));
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(generator_.version, 0u);
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 2; }));
  EXPECT_FALSE(generator_.swapped_while_running);
  EXPECT_EQ(learner_.groups().at(2).responses(0).versions(0).version(), 1u);
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

TEST_F(WorkerTest, ALeaseThatIsNoLongerOursIsCancelled) {
  generator_.blocked = true;
  learner_.Offer(MakeLease(1, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  learner_.Expire(1);
  ASSERT_TRUE(Eventually([&] { return metrics_.leases_held.Value() == 0; }));
  Join();
  EXPECT_EQ(generator_.cancelled.count(1), 1u);
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

TEST_F(WorkerTest, AnEvaluationKeepsItsVersionThoughOthersContinue) {
  options_.continue_on_swap = true;
  generator_.blocked = true;
  v1::Lease lease = MakeLease(1, 0);
  lease.set_kind(v1::LEASE_KIND_EVALUATION);
  learner_.Offer(lease);
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually([&] { return metrics_.groups_generating.Value() == 1; }));
  weights_.Publish(1, 1);
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(generator_.version, 0u);
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 1 && generator_.version == 1; }));
  EXPECT_EQ(learner_.groups().at(1).responses(0).versions(0).version(), 0u);
}

TEST_F(WorkerTest, WhatTheEngineCannotBeginWaitsForTheNextWeights) {
  generator_.blocked = true;
  generator_.rows = 1;
  options_.max_batch = 2;  // one group
  for (uint64_t id = 1; id <= 4; ++id) learner_.Offer(MakeLease(id, 0));
  weights_.Publish(1, 0);
  Start();
  ASSERT_TRUE(Eventually(
      [&] { return metrics_.leases_held.Value() == 4 && metrics_.groups_generating.Value() == 2; }));
  weights_.Publish(1, 1);
  absl::SleepFor(absl::Milliseconds(50));
  generator_.blocked = false;
  ASSERT_TRUE(Eventually([&] { return learner_.groups().size() == 4; }));
  // The engine had one running and one queued; the others were not held to the old weights.
  EXPECT_EQ(learner_.groups().at(1).responses(0).versions(0).version(), 0u);
  EXPECT_EQ(learner_.groups().at(3).responses(0).versions(0).version(), 1u);
  EXPECT_EQ(learner_.groups().at(4).responses(0).versions(0).version(), 1u);
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
  now_ = absl::Seconds(11);
  ASSERT_TRUE(Eventually([&] { return heartbeats_.Check().ok(); })) << "idle loops go round too";
  generator_.stuck = true;
  learner_.Offer(MakeLease(1, 0));
  ASSERT_TRUE(Eventually([&] { return generator_.inside.load(); }));
  now_ = absl::Seconds(22);
  const absl::Status late = heartbeats_.Check();
  EXPECT_NE(late.message().find("\"engine\""), absl::string_view::npos) << late;
  EXPECT_EQ(late.message().find("\"lease\""), absl::string_view::npos) << late;
  generator_.stuck = false;
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
