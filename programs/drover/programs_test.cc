#include "programs/drover/programs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// What `env` prints when this process becomes it.
std::string Environment() {
  const std::string file = testing::TempDir() + "/programs_test_env";
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (std::freopen(file.c_str(), "w", stdout) == nullptr) ::_exit(1);
    Become("/usr/bin/env", "env", {}).IgnoreError();
    ::_exit(1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  return ReadFile(file).value_or("");
}

TEST(BecomeTest, ThreadsThatWaitDoNotSpin) {
  ::unsetenv("OMP_WAIT_POLICY");
  ::unsetenv("GOMP_SPINCOUNT");
  EXPECT_THAT(Environment(),
              testing::AllOf(HasSubstr("OMP_WAIT_POLICY=PASSIVE\n"), HasSubstr("GOMP_SPINCOUNT=0\n")));
  ::setenv("OMP_WAIT_POLICY", "ACTIVE", 1);
  EXPECT_THAT(Environment(), testing::AllOf(HasSubstr("OMP_WAIT_POLICY=ACTIVE\n"), Not(HasSubstr("PASSIVE"))))
      << "whoever says otherwise means it";
  ::unsetenv("OMP_WAIT_POLICY");
}

TEST(BecomeTest, AMissingProgramIsAnError) {
  const absl::Status status = Become("/no/such/program", "program", {});
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace drover::cli
