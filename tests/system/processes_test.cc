// The processes started by hand, as on a cluster: no `drover` looks after them.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "services/launch/ports.h"
#include "services/launch/process.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

constexpr int kStoppedWithCheckpoint = 75;

class ProcessesTest : public ::testing::Test {
 protected:
  // One recipe file for all; they share nothing else but addresses.
  void SetUp() override {
    std::vector<std::string> arguments = {"recipe", "show", "arithmetic"};
    for (const std::string& setting : Tiny(1000)) {
      arguments.push_back("--set");
      arguments.push_back(setting);
    }
    const Answer shown = Drover(arguments);
    ASSERT_EQ(shown.status, 0) << shown.errors;
    ASSERT_TRUE(WriteFileAtomically(recipe_, shown.output).ok());
    ASSERT_TRUE(run_.folder().Create().ok());
  }

  launch::Process Start(const std::string& program, const std::string& name,
                        const std::vector<std::string>& flags) {
    std::filesystem::remove(run_.folder().port_file(name));
    std::vector<std::string> argv = {Program(program),
                                     "--recipe",
                                     recipe_,
                                     "--port-file",
                                     run_.folder().port_file(name),
                                     "--log-file",
                                     run_.folder().log(name)};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto process = launch::Process::Start(
        {.name = name, .argv = argv, .environment = {}, .output_file = run_.folder().log(name + ".out")});
    EXPECT_TRUE(process.ok()) << process.status();
    return std::move(*process);
  }

  // Where it serves gRPC, once it listens.
  std::string Address(const std::string& name) {
    const std::string path = run_.folder().port_file(name);
    EXPECT_TRUE(Eventually(absl::Seconds(30), [&] { return launch::ReadPorts(path).ok(); })) << name;
    return absl::StrCat("127.0.0.1:", launch::ReadPorts(path).value_or(launch::Ports()).grpc);
  }

  launch::Process StartLearner() {
    return Start("drover-learner", "learner-0", {"--run", run_.folder().path(), "--threads", "1"});
  }
  launch::Process StartActor(const std::string& name) {
    return Start("drover-actor", name,
                 {"--name", name, "--learner", Address("learner-0"), "--verifier", Address("verifier-0"),
                  "--model", run_.folder().model(), "--threads", "1", "--drain-seconds", "2"});
  }

  // How it ends after SIGTERM.
  static launch::Exit Stop(launch::Process& process) {
    process.Signal(SIGTERM);
    return process.Wait(absl::Seconds(30)).value_or(launch::Exit{.code = -1});
  }

  bool StepsReached(size_t steps) {
    return Eventually(absl::Seconds(60), [&] { return run_.metrics().size() >= steps; });
  }

  TrainingRun run_{"run"};
  const std::string recipe_ = TestFolder() + "/recipe.textproto";
};

TEST_F(ProcessesTest, ActorsComeAndGoAndTheLearnerStartsAgain) {
  launch::Process verifier = Start("drover-verifier", "verifier-0", {});
  launch::Process learner = StartLearner();
  launch::Process first = StartActor("first");
  ASSERT_TRUE(StepsReached(2));

  launch::Process second = StartActor("second");
  EXPECT_TRUE(Stop(first).ok()) << "drained";
  const size_t without_first = run_.metrics().size();
  ASSERT_TRUE(StepsReached(without_first + 3)) << "the second actor carries the run alone";

  EXPECT_EQ(Stop(learner).code, kStoppedWithCheckpoint);
  const uint64_t checkpoint = run_.folder().NewestCheckpoint().value_or(0);
  EXPECT_EQ(checkpoint, run_.metrics().size());
  EXPECT_TRUE(Stop(second).ok()) << "an actor ends in order while the learner is away";

  launch::Process again = StartLearner();
  launch::Process third = StartActor("third");
  ASSERT_TRUE(StepsReached(checkpoint + 2));
  EXPECT_EQ(run_.metrics().back()["incarnation"], 2);
  EXPECT_EQ(Stop(again).code, kStoppedWithCheckpoint);
  EXPECT_TRUE(Stop(third).ok());
  EXPECT_TRUE(Stop(verifier).ok());
}

TEST_F(ProcessesTest, WrongConfigurationIsStatusTwo) {
  launch::Process no_model = Start("drover-actor", "actor-0",
                                   {"--name", "actor-0", "--learner", "127.0.0.1:1", "--verifier",
                                    "127.0.0.1:1", "--model", TestFolder() + "/nothing"});
  launch::Process no_rank =
      Start("drover-learner", "learner-7", {"--run", run_.folder().path(), "--rank", "7"});
  launch::Process no_address = Start("drover-verifier", "verifier-0", {"--listen", "nowhere"});
  for (launch::Process* process : {&no_model, &no_rank, &no_address}) {
    const auto exit = process->Wait(absl::Seconds(30));
    ASSERT_TRUE(exit.has_value()) << process->name();
    EXPECT_EQ(exit->ToString(), "exited with status 2") << process->name();
    EXPECT_NE(ReadFile(run_.folder().log(process->name())).value_or("").find("\"level\":\"error\""),
              std::string::npos)
        << process->name() << " says why";
  }
}

}  // namespace
}  // namespace drover::system_test
