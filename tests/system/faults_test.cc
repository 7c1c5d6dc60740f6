// Processes that die in the middle of a run, and what of the run survives (docs/architecture.md, invariant 1).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "absl/time/clock.h"
#include "tests/system/journal_view.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

constexpr int kPrompts = 8;

// Stops both actors while they hold more leases than one of them may: then each of them holds one. A verifier that
// stands still keeps the leases in their hands, where generation alone is over too soon to be caught.
bool FreezeActorsHoldingLeases(const TrainingRun& run) {
  const auto both_hold = [&] { return LeasesHeld(InspectJournal(run.folder())) > kPrompts / 2; };
  return Eventually(absl::Seconds(30), [&] {
    run.Kill("verifier-0", SIGSTOP);
    const bool held = Eventually(absl::Seconds(1), both_hold);
    run.Kill("actor-0", SIGSTOP);
    run.Kill("actor-1", SIGSTOP);
    run.Kill("verifier-0", SIGCONT);
    absl::SleepFor(absl::Milliseconds(100));  // what was on its way to the journal arrives
    if (held && both_hold()) return true;
    run.Kill("actor-0", SIGCONT);
    run.Kill("actor-1", SIGCONT);
    absl::SleepFor(absl::Milliseconds(37));  // what is left of this rollout is graded
    return false;
  });
}

TEST(FaultsTest, AnActorKilledWithLeasesInItsHands) {
  TrainingRun run("run");
  run.Start(Tiny(30));
  ASSERT_TRUE(run.WaitForSteps(2));
  ASSERT_TRUE(FreezeActorsHoldingLeases(run));
  const pid_t killed = run.Pid("actor-0");
  ASSERT_TRUE(run.Kill("actor-0", SIGKILL));
  ASSERT_TRUE(run.Kill("actor-1", SIGCONT));
  const size_t before = run.metrics().size();
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_GT(run.metrics().size(), before);
  EXPECT_NE(run.command().errors().find("actor-0 was killed by signal 9"), std::string::npos)
      << "the death and its last words are reported: " << run.command().errors();
  EXPECT_GE(run.summary()["groups"]["expired"], 1) << "what " << killed << " held was leased again";
  ExpectEachStepOnce(run, 30);
  ExpectJournalCloses(run, 30, kPrompts);
}

TEST(FaultsTest, AVerifierKilledAndStartedAgain) {
  TrainingRun run("run");
  run.Start(Tiny(30));
  ASSERT_TRUE(run.WaitForSteps(2));
  const pid_t killed = run.Pid("verifier-0");
  ASSERT_TRUE(run.Kill("verifier-0", SIGKILL));
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    const pid_t now = run.Pid("verifier-0");
    return now != 0 && now != killed;
  })) << "it is started again";
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_EQ(run.summary()["groups"]["failed"], 0) << "grading waits for a verifier";
  ExpectEachStepOnce(run, 30);
  ExpectJournalCloses(run, 30, kPrompts);
}

// A child that was told to end does so in order, with status 0: nobody else would do its work.
void EndInOrder(const std::string& process) {
  TrainingRun run("run");
  run.Start(Tiny(30) + Settings{"actors.count=1"});
  ASSERT_TRUE(run.WaitForSteps(2));
  const pid_t ended = run.Pid(process);
  ASSERT_TRUE(run.Kill(process, SIGTERM));
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    const pid_t now = run.Pid(process);
    return now != 0 && now != ended;
  })) << "it is started again";
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_NE(run.command().errors().find(process + " exited with status 0"), std::string::npos)
      << run.command().errors();
  ExpectEachStepOnce(run, 30);
  ExpectJournalCloses(run, 30, kPrompts);
}

TEST(FaultsTest, AnActorThatIsToldToEndIsStartedAgain) { EndInOrder("actor-0"); }

TEST(FaultsTest, AVerifierThatIsToldToEndIsStartedAgain) { EndInOrder("verifier-0"); }

int CountLines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

// Kills `process` of a run of 12 steps after a few, goes on with --resume, and looks at the surviving line.
void KillAndResume(const std::string& process) {
  TrainingRun run("run");
  run.Start(Tiny(12) + Settings{"run.checkpoint_every=3"});
  ASSERT_TRUE(run.WaitForSteps(4));
  if (process == "drover") {
    run.KillEverything();
  } else {
    ASSERT_TRUE(run.Kill(process, SIGKILL));
    EXPECT_EQ(run.Wait(), 1);
    EXPECT_NE(run.command().errors().find(process + " was killed by signal 9"), std::string::npos)
        << run.command().errors();
  }
  const size_t reached = run.metrics().size();
  ASSERT_LT(reached, 12u) << "killed too late to show anything";

  run.Resume({}, {"--json"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 12);
  EXPECT_EQ(CountLines(run.command().output()), 13) << "12 steps and the summary, each shown once";
  EXPECT_EQ(run.metrics().back()["incarnation"], 2);
  EXPECT_EQ(run.summary()["optimizer_steps"], 24);
  ExpectJournalCloses(run, 12, kPrompts);
}

TEST(FaultsTest, ALearnerKilledGoesOnFromItsCheckpoint) { KillAndResume("learner-0"); }

TEST(FaultsTest, EverythingKilledGoesOnFromTheCheckpoint) { KillAndResume("drover"); }

// On CPUs, strictly on-policy: what a step is depends on the weights and the prompts alone, to the last bit.
TEST(FaultsTest, AKilledRunHasTheNumbersOfOneThatWasNot) {
  const Settings settings =
      Tiny(8) + Settings{"staleness.bound=0", "run.checkpoint_every=3", "learner.learning_rate=1e-3"};
  TrainingRun whole("whole"), killed("killed");
  whole.RunToTheEnd(settings);
  ASSERT_NO_FATAL_FAILURE(killed.RunKilledAfter(4, 8, settings));
  const std::vector<Json> a = whole.metrics(), b = killed.metrics();
  for (size_t i = 0; i < 8; ++i) {
    for (const char* name :
         {"loss", "grad_norm", "entropy", "reward", "response_tokens", "logprob_gap_max"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
    EXPECT_EQ(b[i]["logprob_gap_max"], 0.0);
  }
}

// An actor dies with questions of an evaluation in its hands, then everything does; a new actor has to fetch older weights.
TEST(FaultsTest, AnEvaluationBesideTrainingSurvivesActorsAndKills) {
  const Settings settings =
      Tiny(12) + Settings{"staleness.bound=0",  "run.checkpoint_every=4",     "evaluation.every=3",
                          "evaluation.share=0", "learner.learning_rate=1e-3", "leases.ttl_seconds=1"};
  TrainingRun whole("whole"), killed("killed");
  whole.RunToTheEnd(settings);
  killed.Start(settings);
  ASSERT_TRUE(killed.WaitForSteps(3));
  EXPECT_TRUE(killed.Kill("actor-0", SIGKILL));
  ASSERT_TRUE(killed.WaitForSteps(6));
  EXPECT_TRUE(killed.Kill("actor-1", SIGTERM));
  killed.KillEverything();
  killed.Resume({});
  ASSERT_EQ(killed.Wait(), 0) << killed.command().errors();
  ExpectEachStepOnce(killed, 12);
  ASSERT_EQ(whole.evaluations().size(), 5u);
  EXPECT_EQ(killed.evaluations(), whole.evaluations());
  const std::vector<Json> a = whole.metrics(), b = killed.metrics();
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(a[i]["loss"], b[i]["loss"]) << "step " << i + 1;
  ExpectJournalCloses(killed, 12, kPrompts);
}

TEST(FaultsTest, ARunKilledBeforeItsFirstCheckpointBeginsAgain) {
  TrainingRun run("run");
  run.Start(Tiny(2) + Settings{"pretrain.batches=100000"});
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] { return run.Pid("actor-0") != 0; }));
  run.KillEverything();
  ASSERT_FALSE(run.folder().NewestCheckpoint().has_value());
  run.Resume({"pretrain.batches=10"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  ExpectEachStepOnce(run, 2);
  ExpectJournalCloses(run, 2, kPrompts);
}

// The newest checkpoint turns out damaged: the run goes on from the one before, and says so.
void DamageAndResume(const std::function<void(const std::string& checkpoint)>& damage) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(6));  // checkpoints of steps 2, 4 and 6
  if (::testing::Test::HasFailure()) return;
  damage(run.folder().checkpoint(6));
  run.Resume({"run.steps=8"});
  ASSERT_EQ(run.Wait(), 0) << run.command().errors();
  EXPECT_NE(run.command().errors().find("step-000006 is damaged"), std::string::npos)
      << run.command().errors();
  EXPECT_NE(run.command().errors().find("goes on from " + run.folder().checkpoint(4)), std::string::npos)
      << run.command().errors();
  EXPECT_TRUE(std::filesystem::exists(run.folder().checkpoint(6) + ".damaged"));
  EXPECT_EQ(run.folder().CheckpointSteps().value(), (std::vector<uint64_t>{4, 6, 8}));
  EXPECT_EQ(run.summary()["optimizer_steps"], 16);
  ExpectEachStepOnce(run, 8);
  ExpectJournalCloses(run, 8, kPrompts);
}

TEST(FaultsTest, AFlippedBitInTheTrainingStateIsFound) {
  DamageAndResume([](const std::string& checkpoint) {
    const std::string path = checkpoint + "/training_state.safetensors";
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5, std::ios::end);
    const char byte = static_cast<char>(file.peek());
    file.put(static_cast<char>(byte ^ 0x40));
  });
}

TEST(FaultsTest, AnEmptyCheckpointIsPassedOver) {
  DamageAndResume([](const std::string& checkpoint) {
    std::filesystem::remove_all(checkpoint);
    std::filesystem::create_directory(checkpoint);
  });
}

}  // namespace
}  // namespace drover::system_test
