// The processes as on a cluster: any start order, drains, restarts, lost peers, exit statuses.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "programs/process/exit_status.h"
#include "tests/system/cluster.h"
#include "tests/system/command.h"
#include "tests/system/journal_view.h"

namespace drover::system_test {
namespace {

constexpr int kPrompts = 8;

size_t CountReturned(const JournalView& journal, const std::string& actor) {
  size_t count = 0;
  for (const Json& lease : journal.leases) {
    const Json& reason = lease["reason"];
    count += lease["actor"] == actor && lease["outcome"] == "expired" && reason.is_string() &&
             reason.get<std::string>().rfind("returned", 0) == 0;
  }
  return count;
}

// Actors come before the learner, the verifier last; they have no files of the run, and nobody can write where they run.
TEST_F(ClusterTest, AnyStartOrderByEnvironmentAlone) {
  launch::Process first = StartActor("first");
  ASSERT_TRUE(Answers("first", "/readyz", "waiting for the learner"));
  ASSERT_TRUE(Answers("first", "/livez", "ok")) << "waiting is no reason to be restarted";
  launch::Process learner = StartLearner();
  ASSERT_TRUE(Answers("learner-0", "/readyz", "ok"));
  ASSERT_TRUE(Answers("first", "/readyz", "ok"));
  launch::Process verifier = StartVerifier();
  ASSERT_TRUE(StepsReached(2));

  launch::Process second = StartActor("second", {"--recipe", recipe_, "--model", run_.folder().model()});
  EXPECT_EQ(Stop(first), 0) << "drained";
  const size_t without_first = run_.metrics().size();
  ASSERT_TRUE(StepsReached(without_first + 3)) << "the second actor carries the run alone";

  launch::Process wrong =
      StartActor("wrong", {"--recipe", WriteRecipe("wrong", {"rollout.temperature=0.5"})});
  EXPECT_EQ(ExitCode(wrong), 2) << Log("wrong");
  EXPECT_TRUE(LogSays("wrong", "rollout.temperature: 0.5 -> 1"));
  EXPECT_EQ(Stop(second), 0);
  EXPECT_EQ(Stop(learner), process::kExitStopped);
  EXPECT_EQ(Stop(verifier), 0);
}

TEST_F(ClusterTest, ActorsStayWhileTheLearnerStartsAgain) {
  launch::Process verifier = StartVerifier();
  launch::Process learner = StartLearner();
  launch::Process first = StartActor("first");
  launch::Process second = StartActor("second");
  ASSERT_TRUE(StepsReached(3));
  EXPECT_EQ(Stop(learner), process::kExitStopped);
  const size_t reached = run_.metrics().size();
  EXPECT_EQ(run_.folder().NewestCheckpoint().value_or(0), reached);
  EXPECT_EQ(ReadFile(run_.folder().recipe()).value_or(""), ReadFile(recipe_).value_or("(none)"));
  const Answer looked = Drover({"inspect", "run", run_.folder().path()});
  EXPECT_EQ(looked.status, 0) << looked.output << looked.errors;
  EXPECT_FALSE(first.Wait(absl::Seconds(1)).has_value()) << "the run is not over: it waits";
  EXPECT_FALSE(second.Poll().has_value());
  ASSERT_TRUE(Answers("first", "/livez", "ok"));

  const size_t steps = reached + 10;
  recipe_ = WriteRecipe("recipe", {absl::StrCat("run.steps=", steps)});
  launch::Process again = StartLearner();
  EXPECT_EQ(again.Wait(absl::Seconds(60)).value_or(launch::Exit{.code = -1}).code, 0) << Log("learner-0");
  EXPECT_EQ(ExitCode(first), 0) << "now it is over";
  EXPECT_EQ(ExitCode(second), 0);
  EXPECT_EQ(run_.metrics().back()["incarnation"], 2);
  ExpectEachStepOnce(run_, steps);
  ExpectJournalCloses(run_, steps, kPrompts);
  EXPECT_EQ(Stop(verifier), 0);
}

// Without a verifier an actor cannot finish its groups; their leases would be held for ten minutes.
TEST_F(ClusterTest, ADrainedActorHandsBackWhatItCannotFinish) {
  recipe_ = WriteRecipe("recipe", {"leases.ttl_seconds=600", "evaluation.questions=0", "run.steps=4"});
  const double an_hour_ago = absl::ToDoubleSeconds(absl::Now() - absl::Hours(1) - absl::UnixEpoch());
  launch::Process learner = StartLearner({"--started", absl::StrCat(static_cast<int64_t>(an_hour_ago))});
  launch::Process first = StartActor("first");
  ASSERT_TRUE(LeasesAreHeld());
  EXPECT_EQ(Stop(first), 0);
  EXPECT_TRUE(LogSays("first", "handed leases back"));
  EXPECT_EQ(LeasesHeld(InspectJournal(run_.folder())), 0u);
  EXPECT_GT(CountReturned(InspectJournal(run_.folder()), "first"), 0u);

  launch::Process second = StartActor("second");
  launch::Process verifier = StartVerifier();
  EXPECT_EQ(learner.Wait(absl::Seconds(60)).value_or(launch::Exit{.code = -1}).code, 0) << Log("learner-0");
  EXPECT_EQ(ExitCode(second), 0);
  ExpectJournalCloses(run_, 4, kPrompts);
  EXPECT_GE(run_.summary()["seconds"], 3600) << "counted from when the run was asked for";
}

TEST_F(ClusterTest, ASecondSignalEndsAtOnce) {
  recipe_ = WriteRecipe("recipe", {"evaluation.questions=0"});
  launch::Process learner = StartLearner();
  launch::Process actor = StartActor("actor-0", {"--drain-seconds", "3600"});
  ASSERT_TRUE(LeasesAreHeld());
  ASSERT_TRUE(Answers("actor-0", "/readyz", "ok"));
  actor.Signal(SIGTERM);
  ASSERT_TRUE(Answers("actor-0", "/readyz", "draining"));
  ASSERT_TRUE(Answers("actor-0", "/livez", "ok"));
  EXPECT_FALSE(actor.Poll().has_value()) << "it has an hour, and no verifier";
  actor.Signal(SIGTERM);
  EXPECT_EQ(ExitCode(actor), 0);

  // Two signals of one number would count once if the first is still waiting.
  learner.Signal(SIGTERM);
  learner.Signal(SIGINT);
  EXPECT_EQ(ExitCode(learner), 1) << "without the orderly end: try again";
  EXPECT_TRUE(LogSays("learner-0", "a second signal"));
}

// A supervised step of so many questions takes far longer than the deadline, and is not interrupted.
TEST_F(ClusterTest, ADrainThatTakesTooLongEndsAtItsDeadline) {
  recipe_ = WriteRecipe("recipe", {"pretrain.batch_size=16384"});
  launch::Process learner = StartLearner({"--drain-seconds", "0"});
  ASSERT_TRUE(Answers("learner-0", "/readyz", "ok"));
  EXPECT_EQ(Stop(learner), 1);
  EXPECT_TRUE(LogSays("learner-0", "--drain-seconds"));
}

class RanksTest : public ClusterTest {
 protected:
  launch::Process StartRank(int rank) { return StartLearner({"--collective-seconds", "20"}, rank); }
  void SetUp() override {
    ClusterTest::SetUp();
    recipe_ = WriteRecipe("recipe", {"learner.ranks=2"});
  }
};

TEST_F(RanksTest, ComeInAnyOrderAndStopTogether) {
  launch::Process verifier = StartVerifier();
  launch::Process actor = StartActor("actor-0");
  launch::Process one = StartRank(1);
  ASSERT_TRUE(LogSays("learner-1", "joining the other ranks"));
  launch::Process zero = StartRank(0);
  ASSERT_TRUE(StepsReached(2));
  EXPECT_TRUE(Answers("learner-1", "/readyz", "ok"));
  EXPECT_EQ(Stop(one), process::kExitStopped) << Log("learner-1");
  EXPECT_EQ(ExitCode(zero), process::kExitStopped) << "a signal at any rank stops all of them";
  EXPECT_EQ(run_.folder().NewestCheckpoint().value_or(0), run_.metrics().size());
  EXPECT_EQ(Stop(actor), 0);
}

TEST_F(RanksTest, ALostPeerEndsTheOthers) {
  for (int lost = 0; lost < 2; ++lost) {
    launch::Process zero = StartRank(0);
    launch::Process one = StartRank(1);
    ASSERT_TRUE(Answers("learner-0", "/readyz", "ok"));
    ASSERT_TRUE(Answers("learner-1", "/readyz", "ok"));
    launch::Process& dead = lost == 0 ? zero : one;
    launch::Process& other = lost == 0 ? one : zero;
    // No actor is there: rank 0 waits, rank 1 waits for rank 0.
    dead.Signal(SIGKILL);
    EXPECT_EQ(ExitCode(other), 1) << "not a hang, and worth another try: " << Log(other.name());
    EXPECT_TRUE(LogSays(other.name(), "\"level\":\"error\""));
  }
}

TEST_F(RanksTest, APeerThatDoesNotComeIsAnErrorInTime) {
  launch::Process alone = StartLearner({"--join-seconds", "1"}, 1);
  EXPECT_EQ(ExitCode(alone), 1);
  EXPECT_TRUE(LogSays("learner-1", absl::StrCat("localhost:", rendezvous_port_)));
}

TEST_F(ClusterTest, WrongConfigurationIsStatusTwo) {
  const std::string ranks = WriteRecipe("ranks", {"learner.ranks=2"});
  const Strings run = {"--run", TestFolder() + "/other", "--recipe", recipe_};
  struct Case {
    const char* program;
    const char* name;
    Strings flags;
    const char* said;
  };
  const Case cases[] = {
      {"drover-actor",
       "no-model",
       {"--learner", "127.0.0.1:1", "--verifier", "127.0.0.1:1", "--model", TestFolder() + "/nothing"},
       "/nothing"},
      {"drover-actor", "no-port", {"--learner", "nowhere", "--verifier", "127.0.0.1:1"}, "has no port"},
      {"drover-actor",
       "no-gpu",
       {"--learner", "127.0.0.1:1", "--verifier", "127.0.0.1:1", "--device", "cuda:99"},
       "cuda:99"},
      {"drover-learner", "no-rank", {"--run", run[1], "--recipe", recipe_, "--rank", "7"}, "--rank 7"},
      {"drover-learner", "gpu", {"--run", run[1], "--recipe", recipe_, "--device", "cuda:99"}, "cuda:99"},
      {"drover-learner", "no-rendezvous", {"--run", run[1], "--recipe", ranks}, "--rendezvous"},
      {"drover-verifier", "no-address", {"--listen", "nowhere"}, "has no port"},
  };
  for (const Case& each : cases) {
    launch::Process process = Start(each.program, each.name, each.flags);
    EXPECT_EQ(ExitCode(process), 2) << each.name;
    EXPECT_TRUE(LogSays(each.name, each.said)) << each.name << " says why";
  }
  EXPECT_FALSE(std::filesystem::exists(run[1])) << "nothing was written";
}

}  // namespace
}  // namespace drover::system_test
