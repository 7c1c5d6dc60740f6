#include "programs/actor/lease_table.h"

#include "programs/actor/testing/lease_table_fixture.h"

namespace drover::actor_process {
namespace {

using metrics::GroupEnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Task = LeaseTable::Task;
using State = LeaseTable::State;

constexpr EngineLoad kEmpty = {.groups = 0, .queued = 0};
constexpr EngineLoad kOne = {.groups = 1, .queued = 0};

TEST_F(LeaseTableTest, AGroupsWay) {
  Take({MakeLease(7, 0)});
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kWait) << "no weights yet";
  table_.NoteWeights({1, 0});
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  table_.Swapped({1, 0});
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kStart);
  EXPECT_EQ(Start(), 7u);
  EXPECT_EQ(table_.NextTask(kOne), Task::kStep);
  table_.Finish(MakeGroup(7));
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kWait);
  ASSERT_TRUE(table_.has_submission());
  const Submission submission = table_.TakeSubmission();
  EXPECT_EQ(submission.lease->group(), 70u);
  EXPECT_EQ(submission.since, now_);
  EXPECT_EQ(submission.group.id, 7u);
  EXPECT_FALSE(table_.has_submission());
  EXPECT_THAT(Held(), ElementsAre(0, 0, 1));
  table_.Submitted(7, {.answer = v1::SUBMIT_OUTCOME_ACCEPTED});
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kAccepted));
  EXPECT_THAT(table_.TakeEnds(), IsEmpty());
  EXPECT_FALSE(table_.has_returns());
}

TEST_F(LeaseTableTest, WaitsForTheVersionThatALeaseNeeds) {
  Take({MakeLease(1, 5)});
  Weights(1, 4);
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kWait);
  table_.NoteWeights({1, 5});
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  EXPECT_EQ(Start(), 0u) << "they are not in the engine";
  table_.Swapped({1, 5});
  EXPECT_EQ(Start(), 1u);
}

TEST_F(LeaseTableTest, OlderWeightsAreIgnored) {
  Weights(2, 3);
  table_.NoteWeights({1, 9});
  table_.NoteWeights({2, 2});
  table_.NoteWeights({2, 3});
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kWait);
}

TEST_F(LeaseTableTest, NewerWeightsWaitForRunningGroupsAndNoneBeginsMeanwhile) {
  Weights(1, 0);
  Take({MakeLease(1, 0), MakeLease(2, 0)});
  EXPECT_EQ(Start(), 1u);
  table_.NoteWeights({1, 1});
  EXPECT_EQ(table_.NextTask(kOne), Task::kStep);
  EXPECT_EQ(Start(kOne), 0u);
  table_.Finish(MakeGroup(1));
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  table_.Swapped({1, 1});
  EXPECT_EQ(Start(), 2u);
}

TEST_F(LeaseTableTest, ContinueSwapsWhileGroupsRunButForEvaluations) {
  LeaseTableOptions options = Options();
  options.continue_on_swap = true;
  LeaseTable table(options);
  v1::LeaseGroupsResponse answer;
  *answer.add_leases() = MakeLease(1, 0);
  *answer.add_leases() = MakeEvaluation(2, 0);
  table.Take(answer, now_);
  table.NoteWeights({1, 0});
  table.Swapped({1, 0});
  table.Start(kEmpty);
  table.Start(kOne);
  table.NoteWeights({1, 1});
  EXPECT_EQ(table.NextTask({.groups = 2}), Task::kStep) << "an evaluation keeps its version";
  table.Finish(MakeGroup(2));
  EXPECT_EQ(table.NextTask(kOne), Task::kSwap);
}

// A group that waits in the engine would be held to weights that are old when it begins.
TEST_F(LeaseTableTest, WhatTheEngineCannotBeginWaitsHere) {
  Weights(1, 0);
  v1::Lease small = MakeLease(4, 0);
  small.mutable_sampling()->set_group_size(1);
  v1::Lease large = MakeLease(2, 0);
  large.mutable_sampling()->set_group_size(3);
  Take({MakeLease(1, 0), large, MakeLease(3, 0), small});
  EXPECT_EQ(Start(), 1u);
  const EngineLoad full = {.groups = 1, .queued = 1};  // 2 of the 4 responses that it decodes at a time
  EXPECT_EQ(Start(full), 3u) << "2 + 3 are over 4";
  EXPECT_EQ(Start(full), 0u);
  EXPECT_EQ(table_.NextTask(full), Task::kStep);
  table_.Finish(MakeGroup(1));
  EXPECT_EQ(Start(full), 4u);
  EXPECT_EQ(Start({.groups = 2, .queued = 0}), 2u) << "all in the engine has begun: one more may wait there";
}

TEST_F(LeaseTableTest, ALostLeaseIsCancelledOnceAndItsGroupIsNotSubmitted) {
  OneInEachState();
  Renew({1});
  EXPECT_THAT(Held(), ElementsAre(0, 0, 1));
  EXPECT_EQ(table_.NextTask(kOne), Task::kCancel);
  EXPECT_THAT(table_.TakeCancels(), ElementsAre(2));
  Renew({1});
  table_.Finish(MakeGroup(2));  // the step was on its way
  EXPECT_THAT(table_.TakeCancels(), IsEmpty());
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kExpired, GroupEnd::kExpired));
  EXPECT_EQ(table_.TakeSubmission().group.id, 1u);
  EXPECT_FALSE(table_.has_submission());
  EXPECT_FALSE(table_.has_returns());
}

// Whatever comes while a group is being submitted, the lease ends by one event alone.
TEST_F(LeaseTableTest, ALeaseThatIsBeingSubmittedIsCancelledExactlyOnce) {
  OneInEachState();
  const Submission submission = table_.TakeSubmission();
  Renew({});                   // not ours any more: the submission's answer will say so
  table_.NoteWeights({2, 0});  // nor of this incarnation
  table_.Drain(now_);
  EXPECT_THAT(Held(), ElementsAre(0, 0, 1));
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kExpired, GroupEnd::kExpired)) << "2 and 3";
  table_.Stop();
  table_.Stop();
  EXPECT_THAT(Returned(), ElementsAre("1"));
  table_.Submitted(1, {.reason = "the call was given up"});
  table_.Submitted(1, {.answer = v1::SUBMIT_OUTCOME_ACCEPTED});
  EXPECT_THAT(Returned(), IsEmpty());
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kReturned));
}

TEST_F(LeaseTableTest, WhatWasNotSubmittedYetIsNotAfterTheStop) {
  OneInEachState();
  table_.Stop();
  EXPECT_FALSE(table_.has_submission());
  EXPECT_THAT(Returned(), UnorderedElementsAre("1", "2", "3"));
  EXPECT_EQ(table_.NextTask(kOne), Task::kEnd);
  EXPECT_TRUE(table_.done());
}

TEST_F(LeaseTableTest, ANewIncarnationEndsWhatTheOldOneLeased) {
  OneInEachState();
  Take({MakeLease(4, 0, /*incarnation=*/2)});
  table_.NoteWeights({2, 0});
  EXPECT_THAT(Held(), ElementsAre(1, 0, 1)) << "4 is of the new one, and 1 is being submitted";
  EXPECT_THAT(table_.TakeCancels(), ElementsAre(2));
  Take({MakeLease(5, 0, /*incarnation=*/1)});
  EXPECT_THAT(Held(), ElementsAre(1, 0, 1));
  EXPECT_FALSE(table_.has_returns()) << "the learner that issued them is gone";
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kExpired, GroupEnd::kExpired, GroupEnd::kExpired));
}

TEST_F(LeaseTableTest, WhatCannotBeServedGoesBackAsFailed) {
  Weights(1, 0);
  Take({MakeLease(1, 0), MakeLease(2, 0), MakeLease(3, 0)});
  EXPECT_EQ(Start(), 1u);
  table_.Refuse(1, "cannot spell it");
  EXPECT_EQ(Start(), 2u);
  table_.Finish(MakeGroup(2, absl::InternalError("not finite")));
  EXPECT_EQ(Start(), 3u);
  table_.Finish(MakeGroup(3));
  table_.Submitted(3, {.reason = "refused: no such grader", .failed = true});
  EXPECT_THAT(Returned(), UnorderedElementsAre("!1", "!2", "!3"));
  EXPECT_THAT(table_.TakeEnds(), ElementsAre(GroupEnd::kFailed, GroupEnd::kFailed, GroupEnd::kFailed));
  EXPECT_THAT(table_.TakeCancels(), IsEmpty()) << "the engine has none of them";
}

TEST_F(LeaseTableTest, RoomIsCountedInResponses) {
  EXPECT_EQ(table_.Room(), 4u);
  v1::Lease one = MakeEvaluation(1, 0);
  one.mutable_sampling()->set_group_size(1);
  Take({one});
  EXPECT_EQ(table_.Room(), 4u) << "7 responses are 4 groups";
  Take({MakeLease(2, 0), MakeLease(3, 0), MakeLease(4, 0)});
  EXPECT_EQ(table_.Room(), 1u);
  Take({MakeLease(5, 0), MakeLease(6, 0)});
  EXPECT_EQ(table_.Room(), 0u);
  Renew({2, 3});
  EXPECT_EQ(table_.Room(), 2u);
  Take({}, /*finished=*/true);
  EXPECT_EQ(table_.Room(), 0u);
}

TEST_F(LeaseTableTest, AThirdOfItsTimeAfterALeaseCameItIsRenewed) {
  EXPECT_EQ(table_.NextRenewal(), absl::InfiniteFuture());
  const auto leased = [](uint64_t id, uint32_t incarnation, double seconds) {
    v1::Lease lease = MakeLease(id, 0, incarnation);
    lease.set_ttl_seconds(seconds);
    lease.set_token("token-" + std::to_string(id));
    return lease;
  };
  const absl::Time begun = now_;
  Take({leased(1, 1, 30), leased(2, 1, 30)});
  EXPECT_EQ(table_.NextRenewal(), begun + absl::Seconds(10));
  now_ += absl::Seconds(4);
  Take({leased(3, 2, 15)});
  EXPECT_EQ(table_.NextRenewal(), begun + absl::Seconds(9));
  EXPECT_THAT(table_.Renewals(begun + absl::Seconds(8)), IsEmpty());
  const auto requests = table_.Renewals(begun + absl::Seconds(9));
  ASSERT_EQ(requests.size(), 2u) << "one for each incarnation";
  EXPECT_EQ(requests[0].actor(), "actor-0");
  EXPECT_EQ(requests[0].incarnation(), 1u);
  EXPECT_THAT(requests[0].leases(), ElementsAre(1, 2));
  EXPECT_THAT(requests[0].tokens(), ElementsAre("token-1", "token-2"));
  EXPECT_EQ(requests[1].incarnation(), 2u);
  EXPECT_THAT(requests[1].leases(), ElementsAre(3));
  EXPECT_EQ(table_.NextRenewal(), begun + absl::Seconds(14));
  table_.Stop();
  EXPECT_EQ(table_.NextRenewal(), absl::InfiniteFuture());
  EXPECT_THAT(table_.Renewals(begun + absl::Seconds(14)), IsEmpty());
}

TEST_F(LeaseTableTest, DrainHandsBackAtOnceWhatWasNotBegun) {
  OneInEachState();
  table_.Drain(now_);
  table_.Drain(now_ + absl::Seconds(5));
  EXPECT_TRUE(table_.closed());
  EXPECT_THAT(Held(), ElementsAre(0, 1, 1));
  EXPECT_THAT(Returned(), ElementsAre("3"));
  EXPECT_EQ(table_.EndTime(), now_ + absl::Seconds(17)) << "three seconds are for handing back";
  Take({MakeLease(4, 0)});  // the answer was on its way
  EXPECT_THAT(Returned(), ElementsAre("4"));
  table_.Finish(MakeGroup(2));
  table_.Submitted(2, {.answer = v1::SUBMIT_OUTCOME_FILTERED});
  EXPECT_FALSE(table_.done());
  table_.Submitted(1, {.answer = v1::SUBMIT_OUTCOME_STALE});
  EXPECT_TRUE(table_.done());
  EXPECT_FALSE(table_.stopped());
}

TEST_F(LeaseTableTest, AShortDrainKeepsAQuarterForHandingBack) {
  LeaseTableOptions options = Options();
  options.drain_timeout = absl::Seconds(8);
  LeaseTable table(options);
  EXPECT_EQ(table.HandBackTime(), absl::Seconds(2));
  EXPECT_EQ(table.EndTime(), absl::InfiniteFuture());
  table.Drain(now_);
  EXPECT_EQ(table.EndTime(), now_ + absl::Seconds(6));
}

TEST_F(LeaseTableTest, AfterTheRunsEndGroupsHaveAMoment) {
  Weights(1, 0);
  Take({MakeLease(1, 0)}, /*finished=*/true);
  EXPECT_TRUE(table_.closed());
  EXPECT_FALSE(table_.done());
  EXPECT_EQ(Start(), 1u) << "it may still make it";
  EXPECT_EQ(table_.EndTime(), now_ + absl::Seconds(2));
  table_.Drain(now_ + absl::Seconds(1));
  EXPECT_EQ(table_.EndTime(), now_ + absl::Seconds(2));
}

TEST_F(LeaseTableTest, WhatGoesBackIsToldByIncarnationAndReason) {
  Weights(1, 0);
  Take({MakeLease(1, 0), MakeLease(2, 7), MakeLease(3, 7), MakeLease(4, 7, /*incarnation=*/2)});
  EXPECT_EQ(Start(), 1u);
  table_.Refuse(1, "cannot spell it");
  v1::LeaseGroupsResponse others;
  *others.add_leases() = MakeLease(5, 0);
  table_.Decline(others, "the actor has another recipe");
  table_.Stop();
  std::vector<std::string> told;
  for (const v1::ReturnLeasesRequest& request : table_.TakeReturns()) {
    told.push_back(request.reason() + ":" + std::to_string(request.incarnation()) + ":" +
                   std::to_string(request.leases_size()));
  }
  EXPECT_THAT(told, UnorderedElementsAre("cannot spell it:1:1", "the actor has another recipe:1:1",
                                         "the actor stops:1:2", "the actor stops:2:1"));
}

}  // namespace
}  // namespace drover::actor_process
