// The run loop with evaluations beside training; those for which it waits are in run_loop_test.cc.
#include "programs/learner/evaluations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "programs/learner/testing/run_world.h"

namespace drover::learner_process {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::RunWorld;

constexpr int kForEver = 1 << 20;

// Evaluations find nothing `looks` times; a checkpoint after every second rollout, as before.
void Beside(RunWorld& world, int looks) {
  world.recipe.mutable_evaluation()->set_wait(false);
  world.evaluation_waits = looks;
}

std::vector<uint64_t> EvaluatedSteps(const RunWorld& world) {
  std::vector<uint64_t> steps;
  for (const Evaluation& each : world.evaluations) steps.push_back(each.step);
  return steps;
}

size_t Place(const RunWorld& world, const std::string& event) {
  const auto found = std::find(world.events.begin(), world.events.end(), event);
  EXPECT_NE(found, world.events.end()) << event;
  return static_cast<size_t>(found - world.events.begin());
}

void ExpectDone(RunWorld& world) {
  world.stop = false;
  const absl::StatusOr<RunEnd> run = world.Start();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(*run, RunEnd::kDone);
  EXPECT_THAT(world.weights, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(world.reports.size(), 4u);
  EXPECT_TRUE(world.summary.has_value());
  EXPECT_FALSE(world.weights_kept);
}

// The first evaluation of a run is of version 0, and rollout 1 is trained meanwhile.
TEST(EvaluationsBeside, TrainingGoesOnAndTheResultIsOfItsVersion) {
  RunWorld world;
  Beside(world, 1);
  ExpectDone(world);
  EXPECT_LT(Place(world, "evaluate at 0"), Place(world, "train 0"));
  EXPECT_LT(Place(world, "publish 1"), Place(world, "evaluated 0"));
  EXPECT_THAT(EvaluatedSteps(world), ElementsAre(0, 2, 4));
  EXPECT_EQ(world.evaluations[1].accuracy(), 0.5);
  EXPECT_FALSE(world.reports[1].accuracy.has_value()) << "it is not known when its step is reported";
  EXPECT_TRUE(world.reports[3].accuracy.has_value()) << "there is nothing to train beside the last one";
  EXPECT_EQ(world.summary->accuracy_before, 0.5);
  EXPECT_EQ(world.summary->accuracy_after, 0.5);
}

TEST(EvaluationsBeside, TrainingIsWhatItIsWithWaiting) {
  RunWorld waiting, beside;
  Beside(beside, 3);
  ExpectDone(waiting);
  ExpectDone(beside);
  EXPECT_EQ(beside.weights, waiting.weights);
  EXPECT_EQ(beside.checkpoints, waiting.checkpoints);
  EXPECT_EQ(EvaluatedSteps(beside), EvaluatedSteps(waiting));
}

TEST(EvaluationsBeside, TheNextOneWaitsForTheOneBefore) {
  RunWorld world;
  world.recipe.mutable_run()->set_checkpoint_every(100);
  Beside(world, 50);
  ExpectDone(world);
  EXPECT_LT(Place(world, "publish 2"), Place(world, "evaluated 0"));
  EXPECT_LT(Place(world, "evaluated 0"), Place(world, "evaluate at 2"));
  EXPECT_LT(Place(world, "evaluate at 2"), Place(world, "collect 2"));
  EXPECT_THAT(EvaluatedSteps(world), ElementsAre(0, 2, 4));
}

TEST(EvaluationsBeside, ACheckpointOfNewerWeightsWaitsForIt) {
  RunWorld world;
  world.recipe.mutable_run()->set_checkpoint_every(3);
  Beside(world, 50);
  ExpectDone(world);
  EXPECT_LT(Place(world, "train 2"), Place(world, "evaluated 2"));
  EXPECT_LT(Place(world, "evaluated 2"), Place(world, "save 3"));
}

TEST(EvaluationsBeside, ARoundFollowsTheOther) {
  RunWorld world;
  Beside(world, 2);
  world.recipe.mutable_evaluation()->mutable_suite()->set_every(2);
  world.suite.prompts.resize(3);
  world.suite.plan = world.heldout.plan;
  world.suite.report = [](const std::vector<v1::Group>& groups) {
    return SuiteReport{.results = {{"groups", groups.size()}}};
  };
  ExpectDone(world);
  EXPECT_THAT(EvaluatedSteps(world), ElementsAre(0, 2, 4));
  EXPECT_THAT(world.benchmarks, ElementsAre(0, 2, 4));
  EXPECT_EQ(world.Count("evaluate at 2"), 2);
}

TEST(EvaluationsBeside, AStopGivesUpTheOneOfOlderWeightsAndSaysSo) {
  RunWorld world;
  Beside(world, kForEver);
  world.on_event = [&world](const std::string& event) {
    if (event == "collect 1") world.stop = true;
    return absl::OkStatus();
  };
  const absl::StatusOr<RunEnd> stopped = world.Start();
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(*stopped, RunEnd::kStopped);
  ASSERT_EQ(world.status->Get().notices_size(), 1);
  EXPECT_THAT(world.status->Get().notices(0), HasSubstr("the evaluation of rollout 0 was not done"));
  EXPECT_EQ(world.Total("drover_learner_evaluations_given_up_total"), 1);
  EXPECT_FALSE(world.weights_kept);
  world.on_event = nullptr;
  world.evaluation_waits = 0;
  ExpectDone(world);
  EXPECT_THAT(EvaluatedSteps(world), ElementsAre(2, 4)) << "2 is owed: a run has a first evaluation";
}

TEST(EvaluationsBeside, AStopWhileItsWeightsAreTheNewestLeavesItToTheNextStart) {
  RunWorld world;
  Beside(world, kForEver);
  world.waits = 2;
  world.on_event = [&world](const std::string& event) {
    if (event == "wait") world.stop = true;
    return absl::OkStatus();
  };
  ASSERT_TRUE(world.Start().ok());
  EXPECT_THAT(world.evaluations, IsEmpty());
  EXPECT_EQ(world.status->Get().notices_size(), 0);
  world.on_event = nullptr;
  world.evaluation_waits = 0;
  ExpectDone(world);
  EXPECT_THAT(EvaluatedSteps(world), ElementsAre(0, 2, 4));
}

// Whatever fails, every evaluation of the whole run is there in the end: no checkpoint is newer than one in progress.
TEST(EvaluationsBeside, AFailureAnywhereCostsNoEvaluation) {
  for (const int looks : {0, 1, 4, 50}) {
    RunWorld undisturbed;
    Beside(undisturbed, looks);
    undisturbed.waits = 1;
    ExpectDone(undisturbed);
    for (size_t at = 1; at <= undisturbed.events.size(); ++at) {
      const std::string failing = undisturbed.events[at - 1];
      if (failing == "finish" || failing == "save 2") continue;  // cannot fail; is skipped
      SCOPED_TRACE(absl::StrCat(looks, " looks; a failure of event ", at, ": ", failing));
      RunWorld world;
      Beside(world, looks);
      world.waits = 1;
      world.on_event = [&world, at](const std::string&) {
        return world.events.size() == at ? absl::DataLossError("broken") : absl::OkStatus();
      };
      EXPECT_FALSE(world.Start().ok());
      world.on_event = nullptr;
      ExpectDone(world);
      EXPECT_THAT(EvaluatedSteps(world), ElementsAre(0, 2, 4));
    }
  }
}

TEST(EvaluationsBeside, AStopAnywhereLeavesARunThatCanGoOn) {
  RunWorld undisturbed;
  Beside(undisturbed, 3);
  undisturbed.waits = 1;
  ExpectDone(undisturbed);
  for (size_t at = 1; at <= undisturbed.events.size(); ++at) {
    SCOPED_TRACE(absl::StrCat("a stop at event ", at, ": ", undisturbed.events[at - 1]));
    RunWorld world;
    Beside(world, 3);
    world.waits = 1;
    world.on_event = [&world, at](const std::string&) {
      world.stop = world.stop || world.events.size() == at;
      return absl::OkStatus();
    };
    const absl::StatusOr<RunEnd> end = world.Start();
    ASSERT_TRUE(end.ok()) << end.status();
    const double given_up = world.Total("drover_learner_evaluations_given_up_total");
    world.on_event = nullptr;
    if (*end == RunEnd::kStopped) ExpectDone(world);
    // One that is given up may have another in its place: a run without any owes one.
    EXPECT_GE(world.evaluations.size(), 3u - static_cast<size_t>(given_up));
    EXPECT_LE(world.evaluations.size(), 3u);
    EXPECT_EQ(world.evaluations.back().step, 4u);
  }
}

TEST(EvaluationsBeside, WhoLooksSeesHowManyQuestionsAreMissing) {
  RunWorld world;
  Beside(world, 2);
  double most = 0;
  world.on_event = [&](const std::string&) {
    for (const prometheus::MetricFamily& family : world.metrics->registry()->Collect()) {
      if (family.name != "drover_learner_evaluation_pending_questions") continue;
      most = std::max(most, family.metric.front().gauge.value);
    }
    return absl::OkStatus();
  };
  ExpectDone(world);
  EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace drover::learner_process
