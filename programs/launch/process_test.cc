#include "programs/launch/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "base/file.h"

namespace drover::launch {
namespace {

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() : output_(::testing::TempDir() + "/drover_process_test.out") {
    std::filesystem::remove(output_);
  }
  absl::StatusOr<Process> Shell(const std::string& script) {
    return Process::Start({.name = "child",
                           .argv = {"/bin/sh", "-c", script},
                           .environment = {{"DROVER_TEST_WORD", "hello"}},
                           .output_file = output_});
  }
  std::string output_;
};

TEST_F(ProcessTest, OutputEnvironmentAndStatus) {
  auto process = Shell("echo out $DROVER_TEST_WORD; echo err >&2; exit 3");
  ASSERT_TRUE(process.ok());
  const auto exit = process->Wait(absl::Seconds(10));
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->ToString(), "exited with status 3");
  EXPECT_EQ(ReadFile(output_).value(), "out hello\nerr\n");
}

TEST_F(ProcessTest, SignalsReachIt) {
  auto process = Shell("kill -TERM $$; sleep 60");
  ASSERT_TRUE(process.ok());
  const auto exit = process->Wait(absl::Seconds(10));
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->signal, SIGTERM);
  EXPECT_NE(exit->ToString().find("killed by signal 15"), std::string::npos);
}

TEST_F(ProcessTest, WaitGivesUpAndTheDestructorKills) {
  pid_t pid = 0;
  {
    auto process = Shell("sleep 60");
    ASSERT_TRUE(process.ok());
    pid = process->pid();
    EXPECT_FALSE(process->Wait(absl::Milliseconds(50)).has_value());
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(ProcessTest, AProgramThatIsNotThereSaysSo) {
  auto process = Process::Start(
      {.name = "none", .argv = {"/no/such/program"}, .environment = {}, .output_file = output_});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(process->Wait(absl::Seconds(10))->code, 127);
  EXPECT_NE(ReadFile(output_)->find("cannot run the program"), std::string::npos);
}

}  // namespace
}  // namespace drover::launch
