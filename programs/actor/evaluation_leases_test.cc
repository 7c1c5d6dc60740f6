// A lease table between the newest weights and older ones that are being evaluated.
#include "programs/actor/testing/lease_table_fixture.h"

namespace drover::actor_process {
namespace {

using model::WeightVersion;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Task = LeaseTable::Task;

constexpr EngineLoad kEmpty = {.groups = 0, .queued = 0};
constexpr EngineLoad kOne = {.groups = 1, .queued = 0};

using EvaluationLeasesTest = LeaseTableTest;

TEST_F(EvaluationLeasesTest, WhatIsEvaluatedIsKeptWhenNewerWeightsCome) {
  Take({}, /*finished=*/false, /*evaluating=*/3);
  Weights(1, 3);
  EXPECT_FALSE(table_.kept().has_value()) << "the newest needs no keeping";
  table_.NoteWeights({1, 4});
  EXPECT_EQ(table_.kept(), (WeightVersion{1, 3}));
  table_.NoteWeights({1, 5});
  EXPECT_EQ(table_.kept(), (WeightVersion{1, 3}));
  Take({}, false, 3);
  EXPECT_EQ(table_.kept(), (WeightVersion{1, 3}));
  Take({}, false, 5);
  EXPECT_FALSE(table_.kept().has_value()) << "that evaluation is over";
  table_.NoteWeights({2, 6});
  EXPECT_FALSE(table_.kept().has_value()) << "of another incarnation it is no use";
}

TEST_F(EvaluationLeasesTest, AnOlderVersionGoesIntoTheEngineAndTheNewestComesBack) {
  Take({}, false, 0);
  Weights(1, 0);
  Weights(1, 1);
  Take({MakeEvaluation(100, 0), MakeLease(1, 1)}, false, 0);
  EXPECT_EQ(Start(), 1u) << "the newest are in the engine";
  EXPECT_EQ(table_.NextTask(kOne), Task::kStep) << "running groups end first";
  EXPECT_EQ(Start(kOne), 0u);
  table_.Finish(MakeGroup(1));
  ASSERT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  EXPECT_EQ(table_.Wanted(), (WeightVersion{1, 0}));
  table_.Swapped({1, 0});
  EXPECT_EQ(Start(), 100u);
  Take({MakeLease(2, 1)}, false, 0);
  EXPECT_EQ(Start(kOne), 0u) << "training never runs under older weights";
  table_.Finish(MakeGroup(100));
  ASSERT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  EXPECT_EQ(table_.Wanted(), (WeightVersion{1, 1}));
}

// Whatever keeps coming for the weights in the engine, what waits for others gets its turn.
TEST_F(EvaluationLeasesTest, BothKindsTakeTurns) {
  Take({}, false, 0);
  Weights(1, 0);
  Weights(1, 1);
  Take({MakeLease(1, 1), MakeLease(2, 1), MakeEvaluation(100, 0)}, false, 0);
  table_.Swapped({1, 1});  // the turn of 1 and 2
  EXPECT_EQ(Start(), 1u);
  Take({MakeLease(3, 1), MakeEvaluation(101, 0)}, false, 0);
  EXPECT_EQ(Start(kOne), 2u);
  EXPECT_EQ(Start(kOne), 0u) << "3 came after the turn began, and 100 waits";
  table_.Finish(MakeGroup(1));
  table_.Finish(MakeGroup(2));
  ASSERT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  table_.Swapped({1, 0});
  EXPECT_EQ(Start(), 100u);
  EXPECT_EQ(Start(kOne), 101u) << "all that waited, in one turn";
  Take({MakeEvaluation(102, 0)}, false, 0);
  EXPECT_EQ(Start(kOne), 0u) << "3 waits";
  table_.Finish(MakeGroup(100));
  table_.Finish(MakeGroup(101));
  ASSERT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  table_.Swapped({1, 1});
  EXPECT_EQ(Start(), 3u);
}

TEST_F(EvaluationLeasesTest, RunningGroupsGoOnUnderNewerWeightsAndNeverUnderOlder) {
  LeaseTableOptions options = Options();
  options.continue_on_swap = true;
  LeaseTable table(options);
  v1::LeaseGroupsResponse answer;
  *answer.add_leases() = MakeLease(1, 1);
  *answer.add_leases() = MakeEvaluation(100, 0);
  answer.set_evaluating(0);
  table.NoteWeights({1, 0});
  table.Take(answer, now_);
  table.NoteWeights({1, 1});
  table.Swapped({1, 1});
  ASSERT_NE(table.Start(kEmpty), nullptr);
  EXPECT_EQ(table.Wanted(), (WeightVersion{1, 0}));
  EXPECT_EQ(table.NextTask(kOne), Task::kStep);
}

TEST_F(EvaluationLeasesTest, AVersionThatIsNotHereIsFetched) {
  Weights(1, 3);
  Take({MakeEvaluation(100, 2), MakeEvaluation(101, 3), MakeEvaluation(102, 4)}, false, 2);
  EXPECT_EQ(table_.Missing(), (WeightVersion{1, 2})) << "3 is here, 4 is on its way";
  EXPECT_EQ(Start(), 101u);
  table_.NoteFetched({1, 2});
  EXPECT_FALSE(table_.Missing().has_value());
  EXPECT_EQ(table_.kept(), (WeightVersion{1, 2}));
  table_.Finish(MakeGroup(101));
  EXPECT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  EXPECT_THAT(Returned(), IsEmpty());
}

TEST_F(EvaluationLeasesTest, LeasesWhoseWeightsCannotBeHadGoBack) {
  Weights(1, 3);
  Take({MakeEvaluation(100, 2), MakeEvaluation(101, 3), MakeEvaluation(102, 2)}, false, 2);
  table_.CannotFetch({1, 1}, "gone");
  EXPECT_THAT(Returned(), IsEmpty()) << "others";
  table_.CannotFetch({1, 2}, "gone");
  EXPECT_THAT(Returned(), ElementsAre("100", "102"));
  EXPECT_FALSE(table_.Missing().has_value());
}

TEST_F(EvaluationLeasesTest, WhatWasFetchedForNobodyIsNotKept) {
  Weights(1, 3);
  Take({MakeEvaluation(100, 2)}, false, 2);
  table_.Drain(now_);
  table_.NoteFetched({1, 2});
  EXPECT_FALSE(table_.kept().has_value());
}

TEST_F(EvaluationLeasesTest, WithNothingToDoTheNewestGoIn) {
  Take({}, false, 0);
  Weights(1, 0);
  Take({MakeEvaluation(100, 0)}, false, 0);
  EXPECT_EQ(Start(), 100u);
  table_.NoteWeights({1, 1});
  EXPECT_EQ(table_.NextTask(kOne), Task::kStep);
  table_.Finish(MakeGroup(100));
  ASSERT_EQ(table_.NextTask(kEmpty), Task::kSwap);
  EXPECT_EQ(table_.Wanted(), (WeightVersion{1, 1}));
}

}  // namespace
}  // namespace drover::actor_process
