// The store when something goes wrong: leases that end otherwise than trained, restarts, damage, a full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/synchronization/notification.h"
#include "services/experience/testing/store_fixture.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Answer;
using testing::kSoon;
using testing::Lease;
using testing::MustOpen;
using testing::Return;
using testing::StoreTest;
using testing::Submit;
using testing::SubmitOutcomeOf;
using testing::SumsClose;

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
  for (int i = 0; i < 2; ++i) renew.add_tokens(first.token());
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

// A group that cannot be had or that training would refuse does not end the run: it is leased again.
TEST_F(StoreTest, ADamagedGroupIsLeasedAgain) {
  Open(1, 2);
  Begin(0);
  Serve(0);
  const std::string segment = folder_.path() + "/journal/groups-000001.log";
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('\x7f');
  }
  const absl::Status status = store_->WaitForRollout(0, kSoon).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(store_->Counts().failed(), 1u);
  clock_.Advance(absl::Seconds(1));
  const v1::Lease again = Lease(*store_, 5).leases(0);
  EXPECT_EQ(again.group(), 0u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, again, Answer(again, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].lease(), 3u);
  EXPECT_TRUE(SumsClose(store_->Counts()));
}

TEST_F(StoreTest, AMissingSegmentsGroupsAreLeasedAgain) {
  Open(1, 2);
  Begin(0);
  Serve(0);
  store_.reset();
  std::filesystem::remove(folder_.path() + "/journal/groups-000001.log");
  Restart(0);
  EXPECT_EQ(store_->WaitForRollout(0, kSoon).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(store_->Counts().failed(), 2u);
  clock_.Advance(absl::Seconds(1));
  Serve(0);
  EXPECT_EQ(TrainOne(0).size(), 2u);
}

// An earlier release accepted what training refuses: a resume must not die of it, however often.
TEST_F(StoreTest, AStoredGroupThatTrainingRefusesIsLeasedAgain) {
  Open(1, 2);
  Begin(0);
  const auto leases = Lease(*store_, 2).leases();
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[0], Answer(leases[0], 0, {0, 900})), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(SubmitOutcomeOf(*store_, leases[1], Answer(leases[1], 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
  options_.group_limits.max_reward = 1;
  Restart(0);
  EXPECT_EQ(store_->WaitForRollout(0, kSoon).status().code(), absl::StatusCode::kDeadlineExceeded);
  clock_.Advance(absl::Seconds(1));
  Serve(0);
  const auto groups = TrainOne(0);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].group(), 0u);
  EXPECT_EQ(groups[0].lease(), 3u);
  EXPECT_EQ(groups[1].lease(), 2u);
}

TEST_F(StoreTest, ALowerBoundLeasesGroupsOverItAgain) {
  Open(4, 1, /*bound=*/2);
  Begin(0);
  Serve(0);  // rollouts 0 to 2, all by version 0
  TrainOne(0);
  ASSERT_TRUE(store_->MarkCheckpoint(1, "c").ok());
  options_.staleness_bound = 1;
  Restart(1);
  EXPECT_EQ(store_->Counts().stale(), 1u);
  TrainOne(1);
  const v1::Lease again = Lease(*store_, 1).leases(0);
  EXPECT_EQ(again.group(), 2u);
  EXPECT_EQ(again.min_version(), 1u);
  EXPECT_TRUE(SumsClose(store_->Counts()));
}

// The oldest checkpoint that is kept says what may go: any newer one may turn out damaged.
TEST_F(StoreTest, TheRunGoesOnFromTheOldestKeptCheckpoint) {
  Open(6, 1);
  Begin(0);
  ASSERT_TRUE(store_->MarkCheckpoint(0, "checkpoints/0").ok());
  std::vector<std::string> trained;
  for (uint64_t r = 0; r < 4; ++r) {
    Serve(r);
    trained.push_back(TrainOne(r)[0].SerializeAsString());
    if (r >= 1) {
      ASSERT_TRUE(store_->MarkCheckpoint(r - 1, "checkpoints/...").ok());
    }
  }
  ASSERT_TRUE(store_->MarkCheckpoint(1, "checkpoints/1").ok())
      << "more are kept than before: nothing comes back";
  Restart(2);
  for (uint64_t r = 2; r < 4; ++r) EXPECT_EQ(TrainOne(r)[0].SerializeAsString(), trained[r]);
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
  submit.set_token(held.token());
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

TEST_F(StoreTest, ReturnedLeasesAreCountedByTheirReason) {
  Open(1, 2);
  Begin(0);
  const auto leases = Lease(*store_, 2).leases();
  v1::ReturnLeasesRequest request;
  request.set_actor("actor-0");
  request.set_incarnation(1);
  request.add_leases(1);
  request.add_tokens(leases[0].token());
  ASSERT_TRUE(Return(*store_, request).ok());
  EXPECT_EQ(store_->Counts().expired(), 1u);
  request.set_leases(0, 2);
  request.set_tokens(0, leases[1].token());
  request.set_failed(true);
  request.set_reason("no verifier");
  ASSERT_TRUE(Return(*store_, request).ok());
  EXPECT_EQ(store_->Counts().failed(), 1u);
  // The returned group at once; the failed one after a pause.
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Lease(*store_, 5).leases_size(), 1);
}

// Lease ids can be guessed; what they were leased with cannot. Who holds another lease, or knows the holder's name alone,
// moves nothing.
TEST_F(StoreTest, ALeaseBelongsToWhoHoldsIt) {
  Open(1, 2);
  Begin(0);
  const v1::Lease lease = Lease(*store_, 1, "actor-0").leases(0);
  const v1::Lease other = Lease(*store_, 1, "actor-1").leases(0);
  ASSERT_EQ(lease.token().size(), 32u);
  ASSERT_NE(lease.token(), other.token());
  const struct {
    std::string actor, token;
  } strangers[] = {
      {"actor-0", ""}, {"actor-0", other.token()}, {"actor-1", lease.token()}, {"actor-1", other.token()}};
  for (const auto& [actor, token] : strangers) {
    SCOPED_TRACE(actor + " with " + token);
    v1::RenewLeasesRequest renew;
    renew.set_actor(actor);
    renew.set_incarnation(1);
    renew.add_leases(lease.lease());
    renew.add_tokens(token);
    EXPECT_EQ(store_->RenewLeases(renew)->held_size(), 0);
    v1::ReturnLeasesRequest give_back;
    give_back.set_actor(actor);
    give_back.set_incarnation(1);
    give_back.set_failed(true);
    give_back.add_leases(lease.lease());
    give_back.add_tokens(token);
    EXPECT_TRUE(Return(*store_, give_back).ok());
    v1::Lease forged = lease;
    forged.set_token(token);
    v1::Group group = Answer(forged, 0);
    group.set_actor(actor);
    EXPECT_EQ(Submit(*store_, forged, group).status().code(), absl::StatusCode::kPermissionDenied);
  }
  EXPECT_EQ(store_->Counts().pending(), 2u);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
}

TEST_F(StoreTest, EvaluationLeasesBelongToWhoHoldsThemToo) {
  Open(1, 1);
  Begin(0);
  ASSERT_TRUE(store_->BeginEvaluation({.sampling = options_.sampling}, {options_.prompt(3)}).ok());
  v1::Lease lease = Lease(*store_, 1).leases(0);
  ASSERT_EQ(lease.kind(), v1::LEASE_KIND_EVALUATION);
  const std::string token = lease.token();
  lease.set_token("00000000000000000000000000000000");
  EXPECT_EQ(Submit(*store_, lease, Answer(lease, 0)).status().code(), absl::StatusCode::kPermissionDenied);
  lease.set_token(token);
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0)), v1::SUBMIT_OUTCOME_ACCEPTED);
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
    request.set_reason(i == 1 ? "the verifier refused" : "prompt of 5000 tokens");
    const v1::Lease lease = Lease(*store_, 1).leases(0);
    request.add_leases(lease.lease());
    request.add_tokens(lease.token());
    ASSERT_TRUE(Return(*store_, request).ok());
    clock_.Advance(absl::Seconds(20));
  }
  const absl::Status status = store_->WaitForRollout(0, kSoon).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(
      status.message().find("group 0 failed 3 times (leases.max_failures): returned: prompt of 5000 tokens; "
                            "or: returned: the verifier refused"),
      absl::string_view::npos)
      << status;
  EXPECT_EQ(store_->EndedSinceStep().failed(), 3u);
  EXPECT_TRUE(SumsClose(store_->Counts()));
}

// Failures count until the group is trained: one that is accepted and then found damaged each time ends the run too.
TEST_F(StoreTest, AGroupThatIsAlwaysDamagedStopsTheRun) {
  Open(1, 1);
  store_.reset();
  options_.max_group_failures = 2;
  store_ = MustOpen(options_);
  Begin(0);
  absl::Status status;
  for (int i = 1; i <= 2; ++i) {
    Serve(0);
    std::fstream file(folder_.path() + "/journal/groups-000001.log",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-20, std::ios::end);
    file.put('\x7f');
    file.close();
    status = store_->WaitForRollout(0, kSoon).status();
    EXPECT_EQ(store_->Counts().failed(), static_cast<uint64_t>(i)) << status;
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(store_->Health().code(), absl::StatusCode::kFailedPrecondition);
}

// Nothing to learn from: a bound, and an error that says what to change.
TEST_F(StoreTest, ARolloutThatIsAllFilteredStopsTheRun) {
  Open(2, 2, /*bound=*/0, /*drop=*/true);
  store_.reset();
  options_.max_rounds = 3;
  store_ = MustOpen(options_);
  Begin(0);
  // 6 groups may be drawn for 2: the fifth that is filtered is one too many.
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(store_->Health().ok()) << i;
    const v1::Lease lease = Lease(*store_, 1).leases(0);
    EXPECT_EQ(SubmitOutcomeOf(*store_, lease, Answer(lease, 0, {1, 1})), v1::SUBMIT_OUTCOME_FILTERED);
  }
  const absl::Status status = store_->WaitForRollout(0, kSoon).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("rollout.max_rounds: 3 allows to draw 6 for 2"), absl::string_view::npos)
      << status;
  EXPECT_EQ(store_->EndedSinceStep().filtered(), 5u);
  // Resumed with a higher one it goes on.
  options_.max_rounds = 4;
  Restart(0);
  Serve(0);
  EXPECT_EQ(TrainOne(0).size(), 2u);
  EXPECT_EQ(store_->EndedSinceStep().leased(), 0u);
}

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

}  // namespace
}  // namespace drover::experience
