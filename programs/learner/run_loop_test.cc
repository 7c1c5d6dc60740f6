#include "programs/learner/run_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "programs/learner/testing/run_world.h"

namespace drover::learner_process {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::RunWorld;

// The steps of what has one.
template <typename Lines>
std::vector<uint64_t> Steps(const Lines& lines) {
  std::vector<uint64_t> steps;
  for (const auto& line : lines) steps.push_back(line.step);
  return steps;
}

// Stops the run at an event.
void StopAt(RunWorld& world, const std::string& where) {
  world.on_event = [&world, where](const std::string& event) {
    if (event == where) world.stop = true;
    return absl::OkStatus();
  };
}

// The next start, undisturbed.
void GoOn(RunWorld& world) {
  world.stop = false;
  world.on_event = nullptr;
  const absl::StatusOr<RunEnd> run = world.Start();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(*run, RunEnd::kDone);
}

void ExpectEnd(RunWorld& world, RunEnd end) {
  const absl::StatusOr<RunEnd> run = world.Start();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(*run, end);
}

// The whole run of RunWorld's recipe, however often it was stopped or failed on its way.
void ExpectWhole(const RunWorld& world) {
  EXPECT_THAT(world.weights, ElementsAre(0, 1, 2, 3))
      << "each rollout is trained once along the line that survives";
  EXPECT_EQ(world.trained, 4u);
  EXPECT_EQ(world.kept_steps, 4u);
  EXPECT_EQ(world.optimizer_steps, 8u);
  EXPECT_THAT(Steps(world.reports), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(world.samples, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0, 2, 4));
  ASSERT_TRUE(world.summary.has_value());
  EXPECT_EQ(world.summary->steps, 4u);
  EXPECT_EQ(world.summary->optimizer_steps, 8u);
  EXPECT_FALSE(world.leasing);
}

TEST(RunLoop, ANewRunGoesThroughItsPhases) {
  RunWorld world;
  world.recipe.mutable_pretrain()->set_batches(2);
  world.recipe.mutable_run()->set_steps(2);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(world.events,
              ElementsAre("go back to 0", "pretrain 1", "pretrain 2", "begin", "incarnation 1 from 0",
                          "keep recipe", "save 0",
                          "covered to 0 by step-0",                                                    //
                          "publish 0", "lease for 0", "evaluate at 0", "evaluated 0", "keep alive",    //
                          "collect 0", "train 0", "trained 0, steps 1-2", "publish 1", "lease for 1",  //
                          "samples 1", "report 1",                                                     //
                          "collect 1", "train 1", "trained 1, steps 3-4", "publish 2", "lease for 2",  //
                          "evaluate at 2", "evaluated 2", "samples 2", "report 2",                     //
                          "save 2", "covered to 0 by step-0", "finish", "curve", "summary"));
  EXPECT_EQ(world.status->Get().phase(), v1::RUN_PHASE_FINISHED);
  EXPECT_TRUE(world.readiness->Check().ok()) << "actors still hear that the run is over";
}

TEST(RunLoop, AResumeGoesOnBehindTheNewestCheckpoint) {
  RunWorld world;
  StopAt(world, "samples 3");
  ExpectEnd(world, RunEnd::kStopped);
  world.events.clear();
  GoOn(world);
  EXPECT_THAT(world.events,
              ElementsAre("load 3", "go back to 3", "incarnation 2 from 3", "keep recipe", "publish 3",
                          "lease for 3",                                                               //
                          "collect 3", "train 3", "trained 3, steps 7-8", "publish 4", "lease for 4",  //
                          "evaluate at 4", "evaluated 4", "samples 4", "report 4", "save 4",           //
                          "covered to 3 by step-3", "finish", "curve", "summary"));
  ExpectWhole(world);
  const v1::RunState state = world.status->Get();
  EXPECT_EQ(state.incarnation(), 2u);
  EXPECT_EQ(state.step(), 4u);
}

// As after a kill: nothing was saved of rollouts 2 and 3, and the store undoes them.
TEST(RunLoop, RolloutsAfterTheNewestCheckpointAreDoneAgain) {
  RunWorld world;
  world.on_event = [](const std::string& event) {
    return event == "train 3" ? absl::InternalError("killed") : absl::OkStatus();
  };
  EXPECT_EQ(world.Start().status().message(), "killed");
  EXPECT_THAT(Steps(world.reports), ElementsAre(1, 2, 3));
  GoOn(world);
  EXPECT_EQ(world.Count("load 2"), 1);
  EXPECT_EQ(world.Count("trained 2, steps 5-6"), 2);
  ExpectWhole(world);
}

TEST(RunLoop, DamagedCheckpointsAreToldOfAndSetAside) {
  RunWorld world;
  ExpectEnd(world, RunEnd::kDone);
  world.damaged = {4};
  world.notices = {"metrics.jsonl: 1 line dropped"};
  world.events.clear();
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_EQ(world.Count("load 2"), 1);
  EXPECT_EQ(world.Count("set aside 4"), 1);
  EXPECT_EQ(world.Count("save 4"), 1) << "written anew";
  EXPECT_THAT(
      world.status->Get().notices(),
      ElementsAre("step-4 is damaged (torn); the run goes on from step-2", "metrics.jsonl: 1 line dropped"));
  ExpectWhole(world);
}

TEST(RunLoop, ADamagedCheckpointStaysWhereThereIsNoGoingOn) {
  RunWorld world;
  ExpectEnd(world, RunEnd::kDone);
  world.damaged = {4};
  world.trained = 1;  // the journal was lost
  const absl::Status status = world.Start().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("step-4 is damaged (torn)"));
  EXPECT_EQ(world.Count("set aside 4"), 0);
}

TEST(RunLoop, ARunThatIsDoneEndsAtOnceAndMayBeGivenMoreSteps) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(2);
  ExpectEnd(world, RunEnd::kDone);
  world.events.clear();
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(world.events, ElementsAre("load 2", "go back to 2", "incarnation 2 from 2", "keep recipe",
                                        "publish 2", "lease for 2", "finish", "curve", "summary"));
  world.recipe.mutable_run()->set_steps(4);
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
}

// --- Stops: the last column of the table in run_loop.h ----------------------------------------------------------------

TEST(RunLoop, AStopWhilePretrainingKeepsNothing) {
  RunWorld world;
  world.recipe.mutable_pretrain()->set_batches(5);
  StopAt(world, "pretrain 2");
  ExpectEnd(world, RunEnd::kStopped);
  EXPECT_THAT(world.events, ElementsAre("go back to 0", "pretrain 1", "pretrain 2", "stop leasing"));
  EXPECT_THAT(world.checkpoints, IsEmpty());
  GoOn(world);
  ExpectWhole(world);
}

TEST(RunLoop, AStopWhileCollectingEndsItAndSavesWhereTheRunIs) {
  RunWorld world;
  world.waits = 3;
  world.on_event = [&world](const std::string& event) {
    if (event == "wait" && world.trained == 1) world.stop = true;
    return absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kStopped);
  EXPECT_EQ(world.Count("collect 1"), 0);
  ASSERT_GE(world.events.size(), 4u);
  EXPECT_THAT(std::vector<std::string>(world.events.end() - 4, world.events.end()),
              ElementsAre("wait", "stop leasing", "save 1", "covered to 0 by step-0"));
  EXPECT_FALSE(world.readiness->Check().ok());
}

TEST(RunLoop, AStopWhileEvaluatingLeavesItToTheNextStart) {
  RunWorld world;
  world.waits = 3;
  world.on_event = [&world](const std::string& event) {
    if (event == "evaluate at 2") world.stop = true;
    return absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kStopped);
  EXPECT_THAT(Steps(world.reports), ElementsAre(1, 2)) << "its rollout is reported all the same";
  EXPECT_FALSE(world.reports.back().accuracy.has_value());
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0));
  GoOn(world);
  ExpectWhole(world);
}

TEST(RunLoop, AStopWhileTrainingWaitsForTheRollout) {
  RunWorld world;
  StopAt(world, "train 0");
  ExpectEnd(world, RunEnd::kStopped);
  ASSERT_GE(world.events.size(), 10u);
  EXPECT_THAT(std::vector<std::string>(world.events.end() - 9, world.events.end()),
              ElementsAre("train 0", "trained 0, steps 1-2", "publish 1", "lease for 1", "samples 1",
                          "report 1", "stop leasing", "save 1", "covered to 0 by step-0"));
}

TEST(RunLoop, AStopWhileFinishingComesTooLate) {
  RunWorld world;
  StopAt(world, "save 4");
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
}

TEST(RunLoop, AStopIsAskedForByRunServiceToo) {
  RunWorld world;
  world.on_event = [&world](const std::string& event) {
    if (event == "collect 1") world.status->RequestStop();
    return absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kStopped);
  EXPECT_THAT(world.weights, ElementsAre(0, 1));
}

// Wherever a stop comes: the run ends in order, what was trained is saved and reported, and the next start makes the run
// whole.
TEST(RunLoop, AStopAnywhereLosesNothing) {
  RunWorld undisturbed;
  undisturbed.waits = 1;
  ExpectEnd(undisturbed, RunEnd::kDone);
  for (size_t at = 1; at <= undisturbed.events.size(); ++at) {
    RunWorld world;
    world.waits = 1;
    world.on_event = [&world, at](const std::string&) {
      world.stop = world.stop || world.events.size() == at;
      return absl::OkStatus();
    };
    SCOPED_TRACE(absl::StrCat("a stop at event ", at, ": ", undisturbed.events[at - 1]));
    const absl::StatusOr<RunEnd> end = world.Start();
    ASSERT_TRUE(end.ok()) << end.status();
    if (*end == RunEnd::kStopped) {
      ASSERT_FALSE(world.checkpoints.empty());
      EXPECT_EQ(world.checkpoints.rbegin()->first, world.trained);
      EXPECT_EQ(world.checkpoints.rbegin()->second.first.size(), world.trained);
      EXPECT_EQ(world.reports.size(), world.trained);
      EXPECT_FALSE(world.leasing);
      EXPECT_FALSE(world.readiness->Check().ok());
      EXPECT_FALSE(world.summary.has_value());
      GoOn(world);
    }
    ExpectWhole(world);
  }
}

// --- Guards -----------------------------------------------------------------------------------------------------------

// A guard on the KL that fires at once, in a run that is well until rollout `from` (from 0).
void GuardKl(RunWorld& world, v1::GuardAction action, uint64_t from, bool only_at_full_rate = false) {
  v1::GuardSettings& guards = *world.recipe.mutable_guards();
  guards.set_kl(action);
  guards.set_kl_limit(1);
  guards.set_patience(1);
  guards.set_window(2);
  guards.set_cooldown(0);
  guards.set_rate_factor(0.5);
  guards.set_max_rollbacks(2);
  guards.set_reward_drop(0.5);
  guards.set_siblings_share(1);
  guards.set_gradient_factor(10);
  const auto update = world.update;
  world.update = [&world, update, from,
                  only_at_full_rate](uint64_t rollout) -> absl::StatusOr<learner::UpdateStats> {
    auto stats = update(rollout);
    const bool explodes = rollout >= from && (!only_at_full_rate || world.rate_scales.back() == 1.0);
    if (stats.ok() && explodes) stats->kl_old = 5;
    return stats;
  };
}

bool Told(const RunWorld& world, const std::string& what) {
  const v1::RunState state = world.status->Get();
  for (const std::string& notice : state.notices()) {
    if (notice.find(what) != std::string::npos) return true;
  }
  return false;
}

TEST(RunLoopGuards, AWarningChangesNothing) {
  RunWorld world;
  GuardKl(world, v1::WARN, 2);
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
  EXPECT_THAT(world.rate_scales, ElementsAre(1, 1, 1, 1));
  ASSERT_EQ(world.guard_events.size(), 2u);
  EXPECT_EQ(world.guard_events[0].step, 3u);
  EXPECT_TRUE(Told(world, "guard kl: 5 is above 1 since rollout 3: a warning"));
}

TEST(RunLoopGuards, TheRateIsLoweredFromTheNextRolloutOn) {
  RunWorld world;
  GuardKl(world, v1::LOWER_RATE, 1, /*only_at_full_rate=*/true);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(world.rate_scales, ElementsAre(1, 1, 0.5, 0.5));
}

// A lowered rate holds over a stop; it is undone with the rollouts after a checkpoint.
TEST(RunLoopGuards, AResumeHasTheRateOfARunThatWasNotStopped) {
  RunWorld world;
  GuardKl(world, v1::LOWER_RATE, 1, /*only_at_full_rate=*/true);
  StopAt(world, "train 2");
  ExpectEnd(world, RunEnd::kStopped);
  GoOn(world);
  EXPECT_THAT(world.rate_scales, ElementsAre(1, 1, 0.5, 0.5));
}

TEST(RunLoopGuards, ARollBackGoesToTheCheckpointBeforeAndOnWithALowerRate) {
  RunWorld world;
  GuardKl(world, v1::ROLL_BACK, 2, /*only_at_full_rate=*/true);
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
  EXPECT_THAT(world.rate_scales, ElementsAre(1, 1, 1, 0.5, 0.5));
  EXPECT_THAT(world.weights, ElementsAre(0, 1, 2, 3));
  ASSERT_EQ(world.guard_events.size(), 1u);
  EXPECT_EQ(world.guard_events[0].back_to, 2u);
  EXPECT_EQ(world.Count("give up all after 2"), 1);
  EXPECT_EQ(world.Count("publish 2"), 2);
  EXPECT_EQ(world.incarnation, 2u);
}

TEST(RunLoopGuards, RollBacksAreBoundedAndThenTheRunEnds) {
  RunWorld world;
  GuardKl(world, v1::ROLL_BACK, 2);  // whatever the rate
  const absl::Status status = world.Start().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("guards.max_rollbacks are done"));
  EXPECT_THAT(world.rate_scales, ElementsAre(1, 1, 1, 0.5, 0.25));
  EXPECT_EQ(world.Count("give up all after 2"), 2);
  EXPECT_EQ(world.checkpoints.rbegin()->first, 3u) << "a person may look at what it ended with";
}

TEST(RunLoopGuards, WithoutACheckpointFromBeforeTheRunEnds) {
  RunWorld world;
  GuardKl(world, v1::ROLL_BACK, 0);
  world.recipe.mutable_guards()->set_patience(4);
  world.recipe.mutable_run()->set_checkpoint_every(1);  // the two that are kept are of 2 and 3
  EXPECT_EQ(world.Start().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world.Count("give up all after 2"), 0);
}

TEST(RunLoopGuards, EndRunEndsItWithACheckpoint) {
  RunWorld world;
  GuardKl(world, v1::END_RUN, 2);
  const absl::Status status = world.Start().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended by its recipe (guards.kl)"));
  EXPECT_EQ(world.checkpoints.rbegin()->first, 3u);
}

// Cut off anywhere in a roll-back, the next start makes the run whole.
TEST(RunLoopGuards, AFailureAnywhereInARollBackIsMadeGood) {
  RunWorld undisturbed;
  GuardKl(undisturbed, v1::ROLL_BACK, 2, /*only_at_full_rate=*/true);
  ExpectEnd(undisturbed, RunEnd::kDone);
  const auto begin = std::find(undisturbed.events.begin(), undisturbed.events.end(), "report 3");
  for (size_t at = static_cast<size_t>(begin - undisturbed.events.begin()) + 1;
       at <= undisturbed.events.size(); ++at) {
    if (undisturbed.events[at - 1] == "finish") continue;  // cannot fail
    SCOPED_TRACE(absl::StrCat("a failure of event ", at, ": ", undisturbed.events[at - 1]));
    RunWorld world;
    GuardKl(world, v1::ROLL_BACK, 2, /*only_at_full_rate=*/true);
    world.on_event = [&world, at](const std::string&) {
      return world.events.size() == at ? absl::DataLossError("broken") : absl::OkStatus();
    };
    EXPECT_FALSE(world.Start().ok());
    GoOn(world);
    ExpectWhole(world);
    EXPECT_EQ(world.rate_scales.back(), 0.5);
  }
}

// --- Failures ---------------------------------------------------------------------------------------------------------

TEST(RunLoop, AFailedUpdateEndsTheRunAndMarksNothing) {
  RunWorld world;
  const auto update = world.update;
  world.update = [](uint64_t rollout) -> absl::StatusOr<learner::UpdateStats> {
    return absl::AbortedError(absl::StrCat("rollout ", rollout, " is not finite"));
  };
  const absl::Status status = world.Start().status();
  EXPECT_EQ(status, absl::AbortedError("rollout 0 is not finite"));
  EXPECT_EQ(world.events.back(), "train 0");
  EXPECT_EQ(world.trained, 0u);
  world.update = update;
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
}

TEST(RunLoop, AFailedPublicationEndsTheRunBeforeActorsAreLeasedForIt) {
  RunWorld world;
  const auto publish = world.publish;
  world.publish = [](const model::WeightVersion& version) {
    EXPECT_EQ(version.incarnation, 1u);
    return version.number == 3 ? absl::ResourceExhaustedError("no memory") : absl::OkStatus();
  };
  EXPECT_EQ(world.Start().status(), absl::ResourceExhaustedError("no memory"));
  EXPECT_EQ(world.events.back(), "publish 3");
  EXPECT_EQ(world.checkpoints.rbegin()->first, 2u) << "the rollout is trained again from there";
  world.publish = publish;
  GoOn(world);
  ExpectWhole(world);
}

TEST(RunLoop, ARankThatIsGoneEndsTheRunWhileItWaits) {
  RunWorld world;
  world.waits = 26;  // 5.2 s
  world.on_event = [](const std::string& event) {
    return event == "keep alive" ? absl::UnavailableError("rank 1 is gone") : absl::OkStatus();
  };
  EXPECT_EQ(world.Start().status(), absl::UnavailableError("rank 1 is gone"));
}

// An error while the run is asked to stop is no stop in order.
TEST(RunLoop, AFailureDuringAStopIsAFailure) {
  RunWorld world;
  world.on_event = [&world](const std::string& event) {
    if (event == "train 1") world.stop = true;
    return event == "save 2" ? absl::InternalError("disk") : absl::OkStatus();
  };
  EXPECT_EQ(world.Start().status(), absl::InternalError("disk"));
}

// Whatever fails: the run ends with that error and does nothing after it but for a rollout's report, and the next start
// makes the run whole.
TEST(RunLoop, AFailureAnywhereEndsTheRunAndTheNextStartGoesOn) {
  RunWorld undisturbed;
  undisturbed.waits = 1;
  ExpectEnd(undisturbed, RunEnd::kDone);
  for (size_t at = 1; at <= undisturbed.events.size(); ++at) {
    const std::string failing = undisturbed.events[at - 1];
    if (failing == "finish") continue;  // cannot fail
    if (failing == "save 2") continue;  // is skipped: ACheckpointThatCannotBeWrittenIsSkipped
    RunWorld world;
    world.waits = 1;
    world.on_event = [&world, at](const std::string&) {
      return world.events.size() == at ? absl::DataLossError("broken") : absl::OkStatus();
    };
    SCOPED_TRACE(absl::StrCat("a failure of event ", at, ": ", failing));
    const absl::Status status = world.Start().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("broken"));
    for (size_t after = at; after < world.events.size(); ++after) {
      EXPECT_TRUE(absl::StartsWith(world.events[after], "samples") ||
                  absl::StartsWith(world.events[after], "report"))
          << world.events[after];
    }
    GoOn(world);
    ExpectWhole(world);
  }
}

// --- Rhythms ----------------------------------------------------------------------------------------------------------

TEST(RunLoop, EvaluatesAtItsRhythmAndAtTheEnd) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(5);
  world.recipe.mutable_evaluation()->set_every(2);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0, 2, 4, 5));
}

TEST(RunLoop, EvaluatesFirstAndLastWithoutARhythm) {
  RunWorld world;
  world.recipe.mutable_evaluation()->set_every(0);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0, 4));
}

// A suite of three questions, whose results are how many groups there were.
void GiveSuite(RunWorld& world, uint32_t every) {
  world.recipe.mutable_evaluation()->mutable_suite()->set_every(every);
  world.suite.prompts.resize(3);
  world.suite.plan = world.heldout.plan;
  world.suite.report = [](const std::vector<v1::Group>& groups) {
    return SuiteReport{.results = {{"groups", groups.size()}}};
  };
}

TEST(RunLoop, TheSuiteHasARhythmOfItsOwn) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(5);
  world.recipe.mutable_evaluation()->set_every(2);
  GiveSuite(world, 3);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0, 2, 4, 5));
  EXPECT_THAT(world.benchmarks, ElementsAre(0, 3, 5));
  EXPECT_EQ(world.Count("benchmarks 3 {\"groups\":3}"), 1);
  EXPECT_EQ(world.Count("evaluate at 5"), 2) << "held-out questions and suite, of the same weights";
}

TEST(RunLoop, ASuiteNeedsNoHeldoutQuestions) {
  RunWorld world;
  world.heldout.prompts.clear();
  GiveSuite(world, 0);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(Steps(world.evaluations), ElementsAre());
  EXPECT_THAT(world.benchmarks, ElementsAre(0, 4));
}

TEST(RunLoop, AStopWhileTheSuiteIsEvaluatedLeavesItAloneToTheNextStart) {
  RunWorld world;
  GiveSuite(world, 2);
  world.waits = 3;
  world.on_event = [&world](const std::string&) {
    if (world.Count("evaluate at 2") == 2) world.stop = true;
    return absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kStopped);
  EXPECT_THAT(world.benchmarks, ElementsAre(0));
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0, 2));
  GoOn(world);
  EXPECT_THAT(world.benchmarks, ElementsAre(0, 2, 4));
  ExpectWhole(world);
}

TEST(RunLoop, ARunOfNoRolloutsEvaluatesAndIsDone) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(0);
  GiveSuite(world, 2);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_THAT(world.weights, ElementsAre());
  EXPECT_THAT(Steps(world.evaluations), ElementsAre(0));
  EXPECT_THAT(world.benchmarks, ElementsAre(0));
  ASSERT_TRUE(world.summary.has_value());
  EXPECT_EQ(world.summary->steps, 0u);
  EXPECT_EQ(world.summary->accuracy_before, world.summary->accuracy_after);
  EXPECT_EQ(world.summary->reward_first, std::nullopt);
  EXPECT_EQ(world.Count("save 0"), 0) << "of weights that it was given";
}

TEST(RunLoop, ARunThatPretrainsAloneKeepsWhatItMade) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(0);
  world.recipe.mutable_pretrain()->set_batches(2);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_EQ(world.Count("save 0"), 1);
}

TEST(RunLoop, WithoutQuestionsNothingIsEvaluated) {
  RunWorld world;
  world.heldout.prompts.clear();
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_EQ(world.Count("evaluate at 0"), 0);
  EXPECT_FALSE(world.summary->accuracy_before.has_value());
  EXPECT_FALSE(world.summary->accuracy_after.has_value());
}

TEST(RunLoop, SavesAtItsRhythmAndTellsTheStoreOfTheOldestThatIsKept) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(5);
  ExpectEnd(world, RunEnd::kDone);
  std::vector<std::string> saved;
  for (const std::string& event : world.events) {
    if (absl::StartsWith(event, "save") || absl::StartsWith(event, "covered")) saved.push_back(event);
  }
  EXPECT_THAT(saved, ElementsAre("save 0", "covered to 0 by step-0", "save 2", "covered to 0 by step-0",
                                 "save 4", "covered to 2 by step-2", "save 5", "covered to 4 by step-4"));
  EXPECT_EQ(world.beats.size(), 5u) << "loading and four checkpoints take long";
  EXPECT_EQ(world.beats.front(), absl::Hours(1));
}

size_t IndexOf(const RunWorld& world, const std::string& event) {
  return static_cast<size_t>(std::find(world.events.begin(), world.events.end(), event) -
                             world.events.begin());
}

TEST(RunLoop, ACheckpointIsWrittenWhileTheRunGoesOn) {
  RunWorld world;
  world.waits = 1;
  world.slow_saves = 3;
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_LT(IndexOf(world, "train 3"), IndexOf(world, "save 2"));
  EXPECT_LT(IndexOf(world, "save 2"), IndexOf(world, "save 4"));
  EXPECT_EQ(world.checkpoints[2].first.size(), 2u) << "of what it was when it was begun";
  ExpectWhole(world);
}

TEST(RunLoop, TheRunWaitsForASaveOnlyWhenTheNextIsDue) {
  RunWorld world;
  world.slow_saves = 100;  // 20 s when waited for
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_LT(IndexOf(world, "report 4"), IndexOf(world, "save 2"));
  EXPECT_LT(IndexOf(world, "save 2"), IndexOf(world, "save 4"));
  EXPECT_EQ(world.Count("two saves at once"), 0);
  EXPECT_GT(world.Count("keep alive"), 6) << "the other ranks hear from us meanwhile";
  ExpectWhole(world);
}

TEST(RunLoop, ACheckpointThatCannotBeWrittenIsSkipped) {
  RunWorld world;
  world.on_event = [](const std::string& event) {
    return event == "save 2" ? absl::ResourceExhaustedError("no space left") : absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kDone);
  ExpectWhole(world);
  EXPECT_EQ(world.checkpoints.count(2), 0u);
  EXPECT_EQ(world.Count("covered to 2 by step-2"), 0);
  EXPECT_THAT(world.status->Get().notices(),
              Contains("the checkpoint of rollout 2 could not be written: no space left"));
  EXPECT_EQ(world.Total("drover_learner_checkpoint_failures_total"), 1);
  EXPECT_EQ(world.Total("drover_learner_checkpoints_total"), 2);
}

TEST(RunLoop, OtherRanksHearFromUsEveryFiveSecondsOfWaiting) {
  RunWorld world;
  world.recipe.mutable_run()->set_steps(1);
  world.recipe.mutable_evaluation()->set_every(0);
  world.heldout.prompts.clear();
  world.waits = 5 * 60;  // a minute
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_EQ(world.Count("keep alive"), 12);
}

// --- What is reported -------------------------------------------------------------------------------------------------

TEST(RunLoop, AStepIsReportedWithItsTimesAndStatistics) {
  RunWorld world;
  ExpectEnd(world, RunEnd::kDone);
  ASSERT_EQ(world.reports.size(), 4u);
  const run::StepReport& second = world.reports[1];
  EXPECT_EQ(second.step, 2u);
  EXPECT_EQ(second.steps, 4u);
  EXPECT_EQ(second.weight_version, 2u);
  EXPECT_EQ(second.incarnation, 1u);
  EXPECT_EQ(second.optimizer_steps, 4u);
  EXPECT_EQ(second.loss, 0.5);
  EXPECT_DOUBLE_EQ(second.rollout.reward, 0.25);
  EXPECT_EQ(second.collect_seconds, 4);
  EXPECT_EQ(second.train_seconds, 10);
  EXPECT_EQ(second.publish_seconds, 0);
  // The first checkpoint 2 s, two evaluations 1 s each, two steps.
  EXPECT_EQ(second.seconds, 2 + 2 * 1 + 2 * 14);
  EXPECT_EQ(second.tokens_generated, 24u);
  EXPECT_DOUBLE_EQ(second.tokens_per_second, 12 / 15.0) << "its evaluation is part of its time";
  EXPECT_EQ(second.accuracy, 0.5);
  EXPECT_FALSE(world.reports[0].accuracy.has_value());
}

TEST(RunLoop, TheSummaryIsOfAllStartsTogether) {
  RunWorld world;
  StopAt(world, "report 3");
  ExpectEnd(world, RunEnd::kStopped);
  world.now += absl::Hours(5);  // between the starts nothing goes on
  GoOn(world);
  EXPECT_EQ(world.summary->recipe, "small");
  EXPECT_EQ(world.summary->accuracy_before, 0.5);
  EXPECT_EQ(world.summary->accuracy_after, 0.5);
  EXPECT_EQ(world.summary->heldout_questions, 2u);
  EXPECT_EQ(world.summary->reward_first, 0.25);
  EXPECT_EQ(world.summary->groups.trained(), 8u);
  EXPECT_EQ(world.summary->tokens_generated, 48u);
  // Four steps, three evaluations, checkpoints of 0, 2, 3 and 4.
  EXPECT_EQ(world.summary->seconds, 4 * 14 + 3 * 1 + 4 * 2);
}

TEST(RunLoop, TimeIsCountedByWhatItWentInto) {
  RunWorld world;
  world.recipe.mutable_pretrain()->set_batches(3);
  ExpectEnd(world, RunEnd::kDone);
  EXPECT_EQ(world.Spent("pretraining"), 3);
  EXPECT_EQ(world.Spent("waiting"), 16);
  EXPECT_EQ(world.Spent("training"), 40);
  EXPECT_EQ(world.Spent("evaluating"), 3);
  EXPECT_EQ(world.Spent("checkpointing"), 6);
}

TEST(RunLoop, WhoLooksSeesPhaseAndProgress) {
  RunWorld world;
  world.waits = 1;
  world.recipe.mutable_pretrain()->set_batches(2);
  std::vector<v1::RunState> seen;
  world.on_event = [&](const std::string& event) {
    if (event == "pretrain 2" || event == "evaluated 0" || event == "collect 1" || event == "train 1") {
      seen.push_back(world.status->Get());
    }
    return absl::OkStatus();
  };
  ExpectEnd(world, RunEnd::kDone);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].phase(), v1::RUN_PHASE_PRETRAINING);
  EXPECT_EQ(seen[0].phase_done(), 1u);
  EXPECT_EQ(seen[0].phase_total(), 2u);
  EXPECT_EQ(seen[0].pretrain_loss(), 1.0);
  EXPECT_EQ(seen[1].phase(), v1::RUN_PHASE_EVALUATING);
  EXPECT_EQ(seen[1].steps(), 4u);
  EXPECT_EQ(seen[2].phase(), v1::RUN_PHASE_COLLECTING);
  EXPECT_EQ(seen[2].phase_done(), 1u) << "after one wait";
  EXPECT_EQ(seen[2].actors(), 3u);
  EXPECT_EQ(seen[2].weight_version(), 1u);
  EXPECT_EQ(seen[2].heldout_accuracy(), 0.5);
  EXPECT_EQ(seen[3].phase(), v1::RUN_PHASE_TRAINING);
  EXPECT_EQ(world.status->Samples(10).size(), 2u);
}

TEST(RunLoop, ARolloutOfCutResponsesIsToldOf) {
  RunWorld world;
  world.response_cut = true;
  world.recipe.mutable_run()->set_steps(1);
  ExpectEnd(world, RunEnd::kDone);
  ASSERT_EQ(world.status->Get().notices_size(), 1);
  EXPECT_THAT(world.status->Get().notices(0), HasSubstr("rollout 1: every response was cut"));
}

}  // namespace
}  // namespace drover::learner_process
