// Actors that are several processes: runs with the numbers of those whose actors are one, lost processes, and drover generate.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "services/http/testing/client.h"
#include "tests/system/cluster.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

const Settings kTogether = {"actors.count=1", "actors.tensor_parallel=2"};

// Rollouts one after another, of which every number follows from the seed.
Settings Strict(int steps) {
  return Tiny(steps) +
         Settings{"staleness.bound=0", "learner.learning_rate=1e-3", "run.checkpoint_every=1000"};
}

void ExpectSameNumbers(const TrainingRun& wanted, const TrainingRun& got) {
  const std::vector<Json> a = wanted.metrics(), b = got.metrics();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    for (const char* name :
         {"loss", "grad_norm", "entropy", "reward", "response_tokens", "logprob_gap_max"}) {
      EXPECT_EQ(a[i][name], b[i][name]) << name << " of step " << i + 1;
    }
    EXPECT_EQ(b[i]["logprob_gap_max"], 0.0);
  }
  EXPECT_EQ(wanted.evaluations(), got.evaluations());
  const auto weights = [&](const TrainingRun& run) {
    return ReadFile(run.folder().checkpoint(a.size()) + "/model.safetensors").value_or("");
  };
  EXPECT_FALSE(weights(wanted).empty());
  EXPECT_TRUE(weights(wanted) == weights(got)) << "the weights' bits";
}

TEST(TensorParallelTest, ARunHasTheNumbersOfOneWhoseActorsAreOneProcess) {
  for (const char* dtype : {"FLOAT32", "BFLOAT16"}) {
    const Settings settings =
        Strict(5) + Settings{absl::StrCat("model.dtype=", dtype), "actors.speculation=true"};
    TrainingRun alone(absl::StrCat("alone-", dtype)), together(absl::StrCat("together-", dtype));
    alone.RunToTheEnd(settings);
    together.RunToTheEnd(settings + kTogether);
    if (::testing::Test::HasFailure()) return;
    ExpectSameNumbers(alone, together);
  }
}

// Whichever process it is: the others miss it and say so, and all are started again.
TEST(TensorParallelTest, AProcessThatIsKilledIsStartedAgainWithTheOthers) {
  TrainingRun calm("calm");
  calm.RunToTheEnd(Strict(20));
  if (HasFailure()) return;
  for (const char* victim : {"actor-0-rank-1", "actor-0"}) {
    TrainingRun run(victim);
    run.Start(Strict(20) + kTogether + Settings{"leases.ttl_seconds=2"});
    ASSERT_TRUE(run.WaitForSteps(2));
    const std::string other = std::string(victim) == "actor-0" ? "actor-0-rank-1" : "actor-0";
    const pid_t old = run.Pid(other);
    ASSERT_TRUE(run.Kill(victim, SIGKILL));
    ASSERT_EQ(run.Wait(absl::Seconds(180)), 0) << run.command().errors();
    EXPECT_NE(run.command().errors().find(absl::StrCat(victim, " was killed by signal 9")), std::string::npos)
        << run.command().errors();
    EXPECT_NE(old, 0);
    const std::string log = ReadFile(run.folder().log(other)).value_or("");
    const int lost = std::string(victim) == "actor-0" ? 0 : 1;
    EXPECT_NE(log.find(absl::StrCat("rank ", 1 - lost, " of 2")), std::string::npos) << log;
    if (lost == 1) {
      EXPECT_NE(log.find("not heard of since: rank 1"), std::string::npos) << log;
    }
    ExpectSameNumbers(calm, run);
  }
}

TEST(TensorParallelTest, GenerateWritesTheSameBytes) {
  TrainingRun run("run");
  run.RunToTheEnd(Tiny(1) + Settings{"run.checkpoint_every=1"});
  if (HasFailure()) return;
  const std::string folder = TestFolder();
  const std::string model = run.folder().checkpoint(1);
  ASSERT_TRUE(WriteFileAtomically(folder + "/prompts.jsonl",
                                  "{\"id\":1,\"prompt\":\"1+2=\"}\n{\"id\":2,\"prompt\":\"1+2=3;4+5=\"}\n")
                  .ok());
  const auto generate = [&](const std::string& out, int ranks, const std::string& dtype) {
    return Drover({"generate", "--model", model, "--prompts", folder + "/prompts.jsonl", "--out",
                   folder + out, "--n", "5", "--seed", "7", "--device", "cpu", "--dtype", dtype, "--threads",
                   "1", "--tensor-parallel", absl::StrCat(ranks)});
  };
  for (const char* dtype : {"float32", "bfloat16"}) {
    const Answer one = generate("/one.jsonl", 1, dtype), two = generate("/two.jsonl", 2, dtype);
    ASSERT_EQ(one.status, 0) << one.errors;
    ASSERT_EQ(two.status, 0) << two.errors;
    const std::string written = ReadFile(folder + "/one.jsonl").value_or("");
    EXPECT_GT(written.size(), 500u);
    EXPECT_EQ(written, ReadFile(folder + "/two.jsonl").value_or("other"));
  }
  const Answer refused = generate("/no.jsonl", 3, "float32");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("--tensor-parallel: a model of 2 query heads"), std::string::npos)
      << refused.errors;
  EXPECT_NE(refused.errors.find("it may be 1, 2"), std::string::npos) << refused.errors;

  // Stopped on the way it leaves nothing in the temporary directory.
  const std::string temporary = folder + "/temporary", out = folder + "/stopped.jsonl";
  std::filesystem::create_directory(temporary);
  std::string prompts;
  for (int i = 0; i < 20000; ++i) absl::StrAppend(&prompts, "{\"id\":", i, ",\"prompt\":\"1+2=\"}\n");
  ASSERT_TRUE(WriteFileAtomically(folder + "/many.jsonl", prompts).ok());
  ::setenv("TMPDIR", temporary.c_str(), /*overwrite=*/1);
  Command stopped({"generate", "--model", model, "--prompts", folder + "/many.jsonl", "--out", out, "--n",
                   "20", "--device", "cpu", "--threads", "1", "--tensor-parallel", "2", "--unordered"});
  ::unsetenv("TMPDIR");
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return !ReadFile(out + ".part").value_or("").empty(); }))
      << stopped.errors();
  stopped.Signal(SIGINT);
  EXPECT_NE(stopped.Wait(absl::Seconds(60)), 0) << "it was not done";
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

// Started by hand, each rank told by its environment who it is.
class ActorRanksTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    recipe_ = WriteRecipe("recipe", {"actors.tensor_parallel=2"});
  }
  launch::Process StartRank(int rank, const std::string& ranks = "2") {
    const std::string name = rank == 0 ? "actor-0" : "actor-0-rank-1";
    Environment environment = {{"DROVER_RANK", absl::StrCat(rank)},
                               {"DROVER_RANKS", ranks},
                               {"DROVER_RENDEZVOUS", absl::StrCat("localhost:", rendezvous_port_)},
                               {"DROVER_RANK_ADDRESS", "127.0.0.1"},
                               {"DROVER_DEVICE", "cpu"},
                               {"DROVER_THREADS", "1"},
                               {"DROVER_DRAIN_SECONDS", "3"}};
    if (rank == 0) {
      environment["DROVER_NAME"] = name;
      environment["DROVER_LEARNER"] = absl::StrCat("localhost:", learner_port_);
      environment["DROVER_VERIFIER"] = absl::StrCat("localhost:", verifier_port_);
    }
    return Start("drover-actor", name, {}, environment);
  }
};

TEST_F(ActorRanksTest, ComeInAnyOrderAndASignalAtOneDrainsAll) {
  launch::Process one = StartRank(1);
  launch::Process verifier = StartVerifier();
  launch::Process zero = StartRank(0);
  launch::Process learner = StartLearner();
  ASSERT_TRUE(StepsReached(2)) << Log("actor-0") << Log("actor-0-rank-1");
  EXPECT_TRUE(Answers("actor-0-rank-1", "/readyz", "ok"));
  const std::string metrics = http::Get(MetricsPort("actor-0-rank-1"), "/metrics").body;
  EXPECT_NE(metrics.find("process_"), std::string::npos) << metrics;
  EXPECT_EQ(metrics.find("drover_actor_"), std::string::npos) << "zeros that would be taken for an actor's";
  EXPECT_EQ(Stop(one), 0) << Log("actor-0-rank-1");
  EXPECT_EQ(ExitCode(zero), 0) << Log("actor-0");
  EXPECT_TRUE(LogSays("actor-0", "drained: another rank was told to stop"));
  EXPECT_EQ(Log("actor-0").find("the run is over"), std::string::npos) << Log("actor-0");
  Stop(learner);
}

TEST_F(ActorRanksTest, FlagsThatDoNotGoTogetherAreStatusTwo) {
  struct Case {
    const char* name;
    Strings flags;
    const char* said;
  };
  const Case cases[] = {
      {"too-high", {"--rank", "2", "--ranks", "2"}, "--rank is 2, but --ranks is 2: it may be 0 to 1"},
      {"alone", {"--rank", "1", "--ranks", "2"}, "--rendezvous is required with --ranks 2"},
      {"port-0",
       {"--rank", "1", "--ranks", "2", "--rendezvous", "localhost:0"},
       "--rendezvous: port 0 cannot be found by the other ranks"},
      {"no-port", {"--rank", "1", "--ranks", "2", "--rendezvous", "localhost"}, "--rendezvous: "},
      {"no-learner", {"--verifier", "127.0.0.1:1"}, "--learner is required"},
      {"no-verifier", {"--learner", "127.0.0.1:1"}, "--verifier is required"},
  };
  for (const Case& each : cases) {
    launch::Process process = Start("drover-actor", each.name, each.flags);
    EXPECT_EQ(ExitCode(process), 2) << each.name;
    const std::string said = ReadFile(run_.folder().log(absl::StrCat(each.name, ".out"))).value_or("");
    EXPECT_NE(said.find(each.said), std::string::npos) << said;
  }
}

TEST_F(ActorRanksTest, AnotherNumberThanTheRecipesIsStatusTwo) {
  launch::Process learner = StartLearner();
  launch::Process zero = StartRank(0, "1");
  EXPECT_EQ(ExitCode(zero), 2);
  EXPECT_TRUE(LogSays("actor-0", "--ranks is 1, but the recipe has actors.tensor_parallel: 2"));
  Stop(learner);
}

}  // namespace
}  // namespace drover::system_test
