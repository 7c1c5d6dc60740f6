#include "tests/system/command.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"

namespace drover::system_test {
namespace {

// Standard error and input go to files of their own; exec keeps the process id, so signals reach drover itself.
constexpr char kRedirect[] = "exec \"$@\" 2>\"$0.err\" <\"$0.in\"";

std::string Contents(const std::string& path) { return ReadFile(path).value_or(""); }

std::string NextCommandPath() {
  static int commands = 0;
  return absl::StrCat(TestFolder(), "/command-", ++commands);
}

}  // namespace

std::string Program(const std::string& name) { return absl::StrCat(DROVER_PROGRAMS, "/", name); }

std::string TestFolder() {
  static std::string last;
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto* suite = ::testing::UnitTest::GetInstance()->current_test_suite();
  const std::string path = absl::StrCat(DROVER_RUNS, "/", suite == nullptr ? "program" : suite->name(), ".",
                                        test == nullptr ? "suite" : test->name());
  if (path != last) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    last = path;
  }
  return path;
}

Command::Command(const std::vector<std::string>& arguments, const std::string& input)
    : path_(NextCommandPath()) {
  EXPECT_TRUE(WriteFileAtomically(path_ + ".in", input).ok());
  std::vector<std::string> argv = {"/bin/sh", "-c", kRedirect, path_, Program("drover")};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto process = launch::Process::Start(
      {.name = "drover", .argv = argv, .environment = {}, .output_file = path_ + ".out"});
  if (process.ok()) {
    process_ = std::move(*process);
  } else {
    ADD_FAILURE() << process.status();
    std::abort();
  }
}

int Command::Wait(absl::Duration timeout) {
  const std::optional<launch::Exit> exit = process_->Wait(timeout);
  if (!exit.has_value()) {
    ADD_FAILURE() << "drover did not end within " << timeout << "\n" << output() << errors();
    process_->Signal(SIGKILL);
    process_->Wait(absl::Seconds(10));
    return -1;
  }
  return exit->signal != 0 ? 128 + exit->signal : exit->code;
}

std::string Command::output() const { return Contents(path_ + ".out"); }
std::string Command::errors() const { return Contents(path_ + ".err"); }

Answer Drover(const std::vector<std::string>& arguments, const std::string& input, absl::Duration timeout) {
  Command command(arguments, input);
  Answer answer;
  answer.status = command.Wait(timeout);
  answer.output = command.output();
  answer.errors = command.errors();
  return answer;
}

bool Eventually(absl::Duration timeout, const std::function<bool()>& condition) {
  for (const absl::Time deadline = absl::Now() + timeout; absl::Now() < deadline;) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return condition();
}

}  // namespace drover::system_test
