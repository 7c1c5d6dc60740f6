#include "services/experience/store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/synchronization/notification.h"
#include "services/experience/evaluation.h"
#include "services/experience/test_support.h"

namespace drover::experience {
namespace {

using testing::Answer;
using testing::FakeClock;
using testing::Lease;
using testing::MustOpen;
using testing::SmallRun;
using testing::Submit;
using testing::SubmitOutcomeOf;
using testing::SumsClose;
using testing::TempFolder;

constexpr absl::Duration kSoon = absl::Seconds(20);

class StoreTest : public ::testing::Test {
 protected:
  void Open(uint64_t steps, uint64_t prompts, uint64_t bound = 0, bool drop = false) {
    options_ = SmallRun(folder_.path(), &clock_, steps, prompts, bound);
    options_.drop_equal_groups = drop;
    store_ = MustOpen(options_);
    ASSERT_NE(store_, nullptr);
  }
  void Restart(uint64_t version) {
    store_.reset();
    store_ = MustOpen(options_);
    ASSERT_NE(store_, nullptr);
    Begin(version);
  }
  void Begin(uint64_t version) {
    ASSERT_TRUE(store_->StartIncarnation(version).ok());
    ASSERT_TRUE(store_->Publish(version).ok());
  }
  // Serves everything that may be leased at `version`.
  void Serve(uint64_t version) {
    const v1::LeaseGroupsResponse response = Lease(*store_, 100);
    for (const v1::Lease& lease : response.leases()) {
      EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, version)), v1::SUBMIT_OUTCOME_ACCEPTED);
    }
  }
  // One whole rollout; returns its groups.
  std::vector<v1::Group> TrainOne(uint64_t rollout) {
    auto groups = store_->WaitForRollout(rollout, kSoon);
    EXPECT_TRUE(groups.ok()) << groups.status();
    const uint64_t step = 2 * rollout + 1;
    EXPECT_TRUE(store_->MarkTrained(rollout, rollout + 1, step, step + 1).ok());
    EXPECT_TRUE(store_->Publish(rollout + 1).ok());
    return groups.ok() ? *std::move(groups) : std::vector<v1::Group>();
  }
  // Waits until the keeper has expired what it should.
  void AwaitExpired(uint64_t count) {
    for (int i = 0; i < 2000 && store_->Counts().expired() < count; ++i)
      absl::SleepFor(absl::Milliseconds(5));
    EXPECT_EQ(store_->Counts().expired(), count);
  }

  TempFolder folder_;
  FakeClock clock_;
  StoreOptions options_;
  std::unique_ptr<ExperienceStore> store_;
};

TEST_F(StoreTest, NothingIsLeasedBeforeTheFirstPublication) {
  Open(2, 2);
  EXPECT_EQ(store_->Publish(0).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 0);
  ASSERT_TRUE(store_->StartIncarnation(0).ok());
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 0);
  EXPECT_EQ(store_->Publish(1).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(store_->Publish(0).ok());
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 2);
}

TEST_F(StoreTest, ALeaseSaysAllThatAnActorNeeds) {
  Open(2, 2, /*bound=*/1);
  Begin(0);
  const auto leases = Lease(*store_, 3).leases();
  ASSERT_EQ(leases.size(), 3);
  EXPECT_EQ(leases[2].lease(), 3u);
  EXPECT_EQ(leases[2].group(), 2u);
  EXPECT_EQ(leases[2].incarnation(), 1u);
  EXPECT_EQ(leases[2].kind(), v1::LEASE_KIND_TRAIN);
  EXPECT_EQ(leases[2].prompt().index(), 102u);
  EXPECT_EQ(leases[2].prompt().text(), "question 2=");
  EXPECT_EQ(leases[2].sampling().group_size(), 2u);
  EXPECT_EQ(leases[2].min_version(), 0u);
  EXPECT_EQ(leases[2].ttl_seconds(), 30);
  EXPECT_EQ(leases[2].grader(), "math");
  EXPECT_EQ(leases[2].reward_format(), "plain");
  EXPECT_NE(leases[2].trace_id(), leases[1].trace_id());
}

TEST_F(StoreTest, RolloutsComeInLeaseOrderAndTheWindowMoves) {
  Open(2, 3);
  Begin(0);
  const auto leases = Lease(*store_, 100).leases();
  ASSERT_EQ(leases.size(), 3);
  EXPECT_EQ(store_->WaitForRollout(0, absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  for (int i : {2, 0, 1}) {
    EXPECT_EQ(SubmitOutcomeOf(*store_, leases[i], Answer(leases[i], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  }
  EXPECT_EQ(store_->GetProgress().groups_accepted, 3u);
  EXPECT_EQ(Lease(*store_, 1).leases_size(), 0);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(groups[i].SerializeAsString(), Answer(leases[i], 0).SerializeAsString());
  }
  Serve(1);
  TrainOne(1);
  EXPECT_EQ(Lease(*store_, 1).leases_size(), 0);
  const v1::LeaseCounts counts = store_->Counts();
  EXPECT_EQ(counts.leased(), 6u);
  EXPECT_EQ(counts.trained(), 6u);
  EXPECT_TRUE(SumsClose(counts));
}

TEST_F(StoreTest, SecondSubmissionIsAlreadyHad) {
  Open(1, 1);
  Begin(0);
  const v1::Lease lease = Lease(*store_, 1).leases(0);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ALREADY_HAVE);
  // The answer was lost, the learner started again: still had.
  Restart(0);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ALREADY_HAVE);
  EXPECT_EQ(store_->Counts().leased(), 1u);
}

TEST_F(StoreTest, ExpiredLeaseIsLeasedAgainAndItsGroupDropped) {
  Open(1, 1);
  Begin(0);
  const v1::Lease first = Lease(*store_, 1).leases(0);
  clock_.Advance(absl::Seconds(20));
  v1::RenewLeasesRequest renew;
  renew.set_actor("actor-0");
  renew.set_incarnation(1);
  renew.add_leases(first.lease());
  renew.add_leases(77);
  EXPECT_EQ(store_->RenewLeases(renew)->held_size(), 1);
  clock_.Advance(absl::Seconds(20));
  absl::SleepFor(absl::Milliseconds(120));
  EXPECT_EQ(store_->Counts().expired(), 0u);  // it was renewed
  clock_.Advance(absl::Seconds(11));
  AwaitExpired(1);
  EXPECT_EQ(store_->RenewLeases(renew)->held_size(), 0);
  const v1::Lease second = Lease(*store_, 1).leases(0);
  EXPECT_EQ(second.group(), first.group());
  EXPECT_EQ(second.lease(), 2u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, first, Answer(first, 0)), v1::SUBMIT_OUTCOME_EXPIRED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, second, Answer(second, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(TrainOne(0)[0].lease(), 2u);
}

TEST_F(StoreTest, StaleGroupsAreDroppedAndLeasedAgain) {
  Open(3, 1, /*bound=*/0);
  Begin(0);
  Serve(0);
  TrainOne(0);
  const v1::Lease lease = Lease(*store_, 1).leases(0);
  EXPECT_EQ(lease.min_version(), 1u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_STALE);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 1)), v1::SUBMIT_OUTCOME_STALE);
  // A version that this line does not have (an actor that missed a restart).
  const v1::Lease again = Lease(*store_, 1).leases(0);
  EXPECT_EQ(again.group(), lease.group());
  EXPECT_EQ(SubmitOutcomeOf(*store_, again, Answer(again, 7)), v1::SUBMIT_OUTCOME_STALE);
  Serve(1);
  TrainOne(1);
  EXPECT_EQ(store_->Counts().stale(), 2u);
}

TEST_F(StoreTest, EqualGroupsAreReplacedWhenTheRecipeDropsThem) {
  Open(1, 2, /*bound=*/0, /*drop=*/true);
  Begin(0);
  const auto leases = Lease(*store_, 5).leases();
  ASSERT_EQ(leases.size(), 2);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[0], Answer(leases[0], 0, {1, 1})), v1::SUBMIT_OUTCOME_FILTERED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[1], Answer(leases[1], 0, {0, 1})), v1::SUBMIT_OUTCOME_ACCEPTED);
  const auto more = Lease(*store_, 5).leases();
  ASSERT_EQ(more.size(), 1);
  EXPECT_EQ(more[0].group(), 2u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, more[0], Answer(more[0], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].group(), 1u);
  EXPECT_EQ(groups[1].group(), 2u);
}

TEST_F(StoreTest, ARestartReplaysFromTheCheckpoint) {
  Open(4, 2, /*bound=*/1);
  Begin(0);
  ASSERT_TRUE(store_->MarkCheckpoint(0, "checkpoints/0").ok());
  Serve(0);
  const auto rollout0 = TrainOne(0);
  ASSERT_TRUE(store_->MarkCheckpoint(1, "checkpoints/1").ok());
  Serve(1);
  const auto rollout1 = TrainOne(1);
  const v1::Lease held = Lease(*store_, 1).leases(0);
  Restart(1);
  EXPECT_EQ(store_->GetProgress().incarnation, 2u);
  EXPECT_EQ(store_->GetProgress().trained_version, 1u);
  EXPECT_EQ(store_->Counts().trained(), 2u);
  EXPECT_EQ(store_->Counts().expired(), 1u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, held, Answer(held, 1)), v1::SUBMIT_OUTCOME_EXPIRED);
  const auto again = TrainOne(1);
  ASSERT_EQ(again.size(), rollout1.size());
  for (size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].SerializeAsString(), rollout1[i].SerializeAsString());
  }
  // Going back behind a durable checkpoint is refused, as is a version that never was.
  ASSERT_TRUE(store_->MarkCheckpoint(2, "checkpoints/2").ok());
  EXPECT_EQ(store_->StartIncarnation(1).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->StartIncarnation(3).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_->Health().ok());
}

TEST_F(StoreTest, CheckpointsFreeTheDiskSpaceOfWhatTheyCover) {
  Open(6, 2, /*bound=*/1);
  Begin(0);
  const auto segments = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/journal")) {
      count += entry.path().filename().string().rfind("groups-", 0) == 0;
    }
    return count;
  };
  for (uint64_t r = 0; r < 5; ++r) {
    Serve(r);
    TrainOne(r);
    ASSERT_TRUE(store_->MarkCheckpoint(r + 1, "c").ok());
    EXPECT_LE(segments(), 2);
  }
  Serve(5);
  EXPECT_EQ(TrainOne(5).size(), 2u);
  ASSERT_TRUE(store_->MarkCheckpoint(6, "c").ok());
  EXPECT_EQ(segments(), 0);
}

TEST_F(StoreTest, ADamagedGroupIsAnErrorThatNamesItsFile) {
  Open(1, 1);
  Begin(0);
  Serve(0);
  {
    std::fstream file(folder_.path() + "/journal/groups-000001.log",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('\x7f');
  }
  const absl::Status status = store_->WaitForRollout(0, kSoon).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("groups-000001.log"), absl::string_view::npos) << status;
}

TEST_F(StoreTest, LongPollsAreAnsweredWhenThereIsWork) {
  Open(1, 1);
  v1::LeaseGroupsRequest request;
  request.set_actor("actor-0");
  request.set_max_leases(4);
  request.set_wait_seconds(30);
  absl::Notification served;
  v1::LeaseGroupsResponse response;
  store_->LeaseGroups(request, [&](absl::StatusOr<v1::LeaseGroupsResponse> answer) {
    response = *std::move(answer);
    served.Notify();
  });
  EXPECT_FALSE(served.WaitForNotificationWithTimeout(absl::Milliseconds(120)));
  Begin(0);
  served.WaitForNotification();
  EXPECT_EQ(response.leases_size(), 1);

  bool called = false;
  const uint64_t ticket = store_->LeaseGroups(request, [&](const auto&) { called = true; });
  EXPECT_TRUE(store_->CancelLease(ticket));
  EXPECT_FALSE(store_->CancelLease(ticket));

  request.set_wait_seconds(10);
  absl::Notification over;
  store_->LeaseGroups(request, [&](const absl::StatusOr<v1::LeaseGroupsResponse>& answer) {
    EXPECT_EQ(answer->leases_size(), 0);
    EXPECT_FALSE(answer->finished());
    over.Notify();
  });
  request.set_wait_seconds(20);
  absl::Notification finished;
  store_->LeaseGroups(request, [&](const absl::StatusOr<v1::LeaseGroupsResponse>& answer) {
    EXPECT_TRUE(answer->finished());
    finished.Notify();
  });
  clock_.Advance(absl::Seconds(10));
  over.WaitForNotification();
  store_->Finish();
  finished.WaitForNotification();
  EXPECT_TRUE(Lease(*store_, 1).finished());
  EXPECT_FALSE(called);
}

TEST_F(StoreTest, AProcessThatStopsLeasesNothingButTakesWhatIsHeld) {
  Open(2, 2);
  ASSERT_TRUE(store_->StartIncarnation(0).ok());
  ASSERT_TRUE(store_->Publish(0).ok());
  const v1::Lease held = Lease(*store_, 1).leases(0);
  ASSERT_EQ(Lease(*store_, 8).leases_size(), 1);
  v1::LeaseGroupsRequest request;
  request.set_actor("actor-0");
  request.set_max_leases(1);
  request.set_wait_seconds(30);
  absl::Notification answered;
  absl::Status status;
  store_->LeaseGroups(request, [&](const auto& answer) {
    status = answer.status();
    answered.Notify();
  });
  EXPECT_EQ(store_->GetProgress().waiting_calls, 1u);
  store_->StopLeasing();
  answered.WaitForNotification();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << "the run is not over: ask the next process";
  v1::SubmitGroupRequest submit;
  submit.set_kind(v1::LEASE_KIND_TRAIN);
  *submit.mutable_group() = Answer(held, 0);
  absl::Notification taken;
  store_->SubmitGroup(submit, [&](const auto& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->outcome(), v1::SUBMIT_OUTCOME_ACCEPTED);
    taken.Notify();
  });
  taken.WaitForNotification();
  store_->Finish();
  EXPECT_TRUE(Lease(*store_, 1).finished()) << "the end of the run is told in any case";
}

TEST_F(StoreTest, ClosingAnswersThoseWhoWait) {
  Open(1, 1);
  v1::LeaseGroupsRequest request;
  request.set_actor("actor-0");
  request.set_max_leases(1);
  request.set_wait_seconds(30);
  absl::Status status;
  store_->LeaseGroups(request, [&](const auto& answer) { status = answer.status(); });
  store_.reset();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(StoreTest, ReturnedLeasesAreCountedByTheirReason) {
  Open(1, 2);
  Begin(0);
  Lease(*store_, 2);
  v1::ReturnLeasesRequest request;
  request.set_actor("somebody else");
  request.set_incarnation(1);
  request.add_leases(1);
  ASSERT_TRUE(store_->ReturnLeases(request).ok());
  EXPECT_EQ(store_->Counts().pending(), 2u);
  request.set_actor("actor-0");
  ASSERT_TRUE(store_->ReturnLeases(request).ok());
  EXPECT_EQ(store_->Counts().expired(), 1u);
  request.set_leases(0, 2);
  request.set_failed(true);
  request.set_reason("no verifier");
  ASSERT_TRUE(store_->ReturnLeases(request).ok());
  EXPECT_EQ(store_->Counts().failed(), 1u);
  // The returned group at once; the failed one after a pause.
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 1);
}

TEST_F(StoreTest, AGroupThatAlwaysFailsStopsTheRunWithTheReason) {
  Open(1, 1);
  store_.reset();
  options_.max_group_failures = 3;
  store_ = MustOpen(options_);
  Begin(0);
  for (int i = 0; i < 3; ++i) {
    v1::ReturnLeasesRequest request;
    request.set_actor("actor-0");
    request.set_incarnation(1);
    request.set_failed(true);
    request.set_reason("prompt of 5000 tokens");
    request.add_leases(Lease(*store_, 1).leases(0).lease());
    ASSERT_TRUE(store_->ReturnLeases(request).ok());
    clock_.Advance(absl::Seconds(20));
  }
  const absl::Status status = store_->WaitForRollout(0, kSoon).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("prompt of 5000 tokens"), absl::string_view::npos) << status;
  EXPECT_TRUE(SumsClose(store_->Counts()));
}

TEST_F(StoreTest, EvaluationsAreServedFirstAndCountedApart) {
  Open(1, 1);
  Begin(0);
  std::vector<v1::Prompt> prompts;
  for (uint64_t i : {5, 3, 9}) prompts.push_back(options_.prompt(i));
  v1::SamplingParams sampling;
  sampling.set_group_size(1);
  sampling.set_max_tokens(3);
  EXPECT_EQ(store_->BeginEvaluation(prompts, 1, sampling).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(store_->BeginEvaluation(prompts, 0, sampling).ok());
  const auto leases = Lease(*store_, 3).leases();
  ASSERT_EQ(leases.size(), 3);
  EXPECT_EQ(leases[0].kind(), v1::LEASE_KIND_EVALUATION);
  EXPECT_GE(leases[0].lease(), kFirstEvaluationId);
  EXPECT_EQ(leases[1].prompt().index(), 103u);
  EXPECT_EQ(Lease(*store_, 3).leases_size(), 1);  // training
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[2], Answer(leases[2], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[2], Answer(leases[2], 0)), v1::SUBMIT_OUTCOME_ALREADY_HAVE);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[0], Answer(leases[0], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(store_->WaitForEvaluation(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(store_->GetProgress().evaluation_done, 2u);
  // One actor dies, another has the wrong version.
  clock_.Advance(absl::Seconds(31));
  AwaitExpired(1);  // the training lease
  v1::Lease again = Lease(*store_, 1).leases(0);
  EXPECT_EQ(again.prompt().index(), 103u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, again, Answer(again, 1)), v1::SUBMIT_OUTCOME_STALE);
  again = Lease(*store_, 1).leases(0);
  EXPECT_EQ(SubmitOutcomeOf(*store_, again, Answer(again, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  const auto groups = store_->WaitForEvaluation(kSoon);
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_EQ(groups->size(), 3u);
  EXPECT_EQ((*groups)[0].prompt().index(), 105u);
  EXPECT_EQ((*groups)[1].prompt().index(), 103u);
  EXPECT_EQ((*groups)[2].prompt().index(), 109u);
  const v1::LeaseCounts counts = store_->EvaluationCounts();
  EXPECT_EQ(counts.leased(), 5u);
  EXPECT_EQ(counts.trained(), 3u);
  EXPECT_EQ(counts.expired(), 1u);
  EXPECT_EQ(counts.stale(), 1u);
  EXPECT_TRUE(SumsClose(counts));
  EXPECT_EQ(store_->Counts().leased(), 1u);
}

TEST_F(StoreTest, TheKindOfASubmissionIsTheLeases) {
  Open(1, 1);
  Begin(0);
  v1::Lease lease = Lease(*store_, 1).leases(0);
  lease.set_kind(v1::LEASE_KIND_EVALUATION);
  EXPECT_EQ(Submit(*store_, lease, Answer(lease, 0)).status().code(), absl::StatusCode::kInvalidArgument);
  lease.set_kind(v1::LEASE_KIND_UNSPECIFIED);
  EXPECT_EQ(Submit(*store_, lease, Answer(lease, 0)).status().code(), absl::StatusCode::kInvalidArgument);
  lease.set_kind(v1::LEASE_KIND_TRAIN);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
}

// No byte more can be written: nothing is acknowledged, the learner learns why, and after a restart the run goes on.
TEST_F(StoreTest, ADiskErrorAcknowledgesNothing) {
  Open(1, 2);
  Begin(0);
  const auto leases = Lease(*store_, 2).leases();
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[0], Answer(leases[0], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit full = before;
  full.rlim_cur = std::filesystem::file_size(folder_.path() + "/journal/groups-000001.log") + 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const auto refused = Submit(*store_, leases[1], Answer(leases[1], 0));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable) << refused.status();
  EXPECT_FALSE(store_->Health().ok());
  EXPECT_FALSE(store_->WaitForRollout(0, kSoon).ok());
  EXPECT_EQ(Submit(*store_, leases[1], Answer(leases[1], 0)).status().code(), absl::StatusCode::kUnavailable);
  Restart(0);
  EXPECT_EQ(store_->Counts().pending(), 1u);
  Serve(0);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].lease(), 1u);
  EXPECT_EQ(groups[1].lease(), 3u);
}

TEST_F(StoreTest, OptionsAreChecked) {
  options_ = SmallRun(folder_.path(), &clock_, 1, 1, 0);
  options_.prompts_per_rollout = 0;
  const absl::Status status = ExperienceStore::Open(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("prompts_per_rollout"), absl::string_view::npos);
}

TEST_F(StoreTest, ProgressCountsRecentActors) {
  Open(1, 3);
  Begin(0);
  Lease(*store_, 1, "actor-0");
  Lease(*store_, 1, "actor-1");
  EXPECT_EQ(store_->GetProgress().actors, 2u);
  EXPECT_EQ(store_->GetProgress().leases_held, 2u);
  clock_.Advance(absl::Seconds(61));
  Lease(*store_, 1, "actor-1");
  EXPECT_EQ(store_->GetProgress().actors, 1u);
}

}  // namespace
}  // namespace drover::experience
