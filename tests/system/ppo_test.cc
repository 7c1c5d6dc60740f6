// Runs of PPO by its preset: the value head beside the policy, through real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/journal_view.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

using ::testing::HasSubstr;

Settings Ppo(int steps) {
  return Tiny(steps) +
         Settings{"loss.preset=ppo",        "staleness.bound=0",          "run.checkpoint_every=3",
                  "evaluation.questions=0", "learner.learning_rate=1e-3", "learner.microbatch_responses=5"};
}

// kill -9, and the numbers are those of a run that was not cut off, to the last bit; the policy of actor and learner is one.
TEST(PpoTest, AKilledRunHasTheNumbersOfOneThatWasNot) {
  TrainingRun whole("whole"), killed("killed");
  whole.RunToTheEnd(Ppo(8));
  if (HasFailure()) return;
  ASSERT_NO_FATAL_FAILURE(killed.RunKilledAfter(4, 8, Ppo(8)));
  ExpectJournalCloses(killed, 8, 8);
  const std::vector<Json> a = whole.metrics(), b = killed.metrics();
  for (size_t i = 0; i < 8; ++i) {
    for (const char* name : {"loss", "grad_norm", "entropy", "reward", "value_loss", "explained_variance"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
    EXPECT_EQ(b[i]["logprob_gap_max"], 0.0);
    EXPECT_GT(b[i]["value_loss"], 0.0);
    EXPECT_TRUE(b[i]["explained_variance"].is_number());
  }
  EXPECT_EQ(a[0]["explained_variance"], 0.0) << "the head begins at 0";
  EXPECT_NE(a[7]["explained_variance"], 0.0);
  EXPECT_LT(a[7]["value_loss"], a[0]["value_loss"]);
  EXPECT_EQ(Drover({"checkpoint", "verify", killed.folder().path()}).status, 0);
}

// A run without a value head does not get one on its way; one that has one may go on without.
TEST(PpoTest, AResumeDoesNotInventAValueHead) {
  TrainingRun plain("plain"), ppo("ppo");
  plain.RunToTheEnd(Tiny(2) + Settings{"evaluation.questions=0"});
  plain.Resume({"run.steps=3", "advantage.baseline=VALUE"});
  EXPECT_NE(plain.Wait(), 0);
  EXPECT_THAT(plain.command().errors(),
              HasSubstr("advantage.baseline: the run has GROUP_MEAN and trained no value head"));
  ppo.RunToTheEnd(Tiny(2) + Settings{"evaluation.questions=0", "advantage.baseline=VALUE"});
  ppo.Resume({"run.steps=3", "advantage.baseline=GROUP_MEAN"});
  ASSERT_EQ(ppo.Wait(), 0) << ppo.command().errors();
  ExpectEachStepOnce(ppo, 3);
  EXPECT_TRUE(ppo.metrics()[1]["value_loss"].is_number());
  EXPECT_TRUE(ppo.metrics()[2]["value_loss"].is_null());
}

}  // namespace
}  // namespace drover::system_test
