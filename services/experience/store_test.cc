#include "services/experience/store.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "services/experience/evaluation.h"
#include "services/experience/testing/store_fixture.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Answer;
using testing::kSoon;
using testing::Lease;
using testing::SmallRun;
using testing::StoreTest;
using testing::Submit;
using testing::SubmitOutcomeOf;
using testing::SumsClose;

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
  EXPECT_TRUE(leases[2].grading().refuse_unevaluated());
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

TEST_F(StoreTest, WhatAVerifierSaysAtLengthIsCutBeforeItIsKept) {
  Open(1, 1);
  Begin(0);
  const v1::Lease lease = Lease(*store_, 1).leases(0);
  v1::Group group = Answer(lease, 0);
  group.mutable_responses(0)->set_extracted(std::string(1 << 20, '7'));
  EXPECT_EQ(SubmitOutcomeOf(*store_, lease, group), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(TrainOne(0)[0].responses(0).extracted().size(), 4096u);
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

EvaluationPlan Plan(uint64_t version) {
  EvaluationPlan plan;
  plan.suite = "heldout";
  plan.version = version;
  plan.prompt_template = "r1";
  plan.sampling.set_group_size(1);
  plan.sampling.set_max_tokens(3);
  plan.sampling.set_temperature(0.6);
  plan.grader = "countdown";
  plan.reward_format = "answer_tag";
  plan.grading.set_boxed_lists(true);
  return plan;
}

// Nothing of it is training's: template, sampling and grading come with the lease, and so does the version.
TEST_F(StoreTest, AnEvaluationLeaseSaysWhatItsPlanSays) {
  Open(2, 1);
  Begin(0);
  Serve(0);
  TrainOne(0);
  ASSERT_TRUE(store_->BeginEvaluation(Plan(1), {options_.prompt(7)}).ok());
  const v1::LeaseGroupsResponse response = Lease(*store_, 2);
  ASSERT_EQ(response.leases_size(), 2);
  const v1::Lease& evaluation = response.leases(0);
  EXPECT_EQ(evaluation.kind(), v1::LEASE_KIND_EVALUATION);
  EXPECT_EQ(evaluation.suite(), "heldout");
  EXPECT_EQ(evaluation.min_version(), 1u);
  EXPECT_EQ(evaluation.prompt_template(), "r1");
  EXPECT_EQ(evaluation.sampling().group_size(), 1u);
  EXPECT_EQ(evaluation.sampling().temperature(), 0.6);
  EXPECT_EQ(evaluation.grader(), "countdown");
  EXPECT_EQ(evaluation.reward_format(), "answer_tag");
  EXPECT_TRUE(evaluation.grading().boxed_lists());
  EXPECT_FALSE(evaluation.grading().refuse_unevaluated());
  const v1::Lease& training = response.leases(1);
  EXPECT_EQ(training.kind(), v1::LEASE_KIND_TRAIN);
  EXPECT_EQ(training.suite(), "");
  EXPECT_EQ(training.grader(), "math");
  EXPECT_EQ(training.reward_format(), "plain");
  EXPECT_EQ(training.sampling().temperature(), 1);
}

TEST_F(StoreTest, EvaluationsAreServedFirstAndCountedApart) {
  Open(1, 1);
  Begin(0);
  std::vector<v1::Prompt> prompts;
  for (uint64_t i : {5, 3, 9}) prompts.push_back(options_.prompt(i));
  EvaluationPlan plan = Plan(1);
  EXPECT_EQ(store_->BeginEvaluation(plan, prompts).code(), absl::StatusCode::kFailedPrecondition);
  plan.version = 0;
  ASSERT_TRUE(store_->BeginEvaluation(plan, prompts).ok());
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
