// A `drover` command as a person would start it: a real process, its output kept apart from its errors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "programs/launch/process.h"

namespace drover::system_test {

// The path of a built program: Program("drover-learner").
std::string Program(const std::string& name);

// A folder of its own for the running test, empty at first; what an earlier run of the test left there is removed.
std::string TestFolder();

// Not thread-safe. The destructor kills a command that still runs, and with it all processes that it started.
class Command {
 public:
  // Starts `drover ARGUMENTS` with `input` on standard input.
  explicit Command(const std::vector<std::string>& arguments, const std::string& input = "");

  // Its exit status (128 + the signal that killed it). A command that has not ended after `timeout` is killed and
  // fails the test; the status is then -1.
  int Wait(absl::Duration timeout);
  bool Runs() { return !process_->Poll().has_value(); }
  void Signal(int signal) { process_->Signal(signal); }

  std::string output() const;  // standard output so far
  std::string errors() const;  // standard error so far

 private:
  std::string path_;  // of its output files, without their endings
  std::optional<launch::Process> process_;
};

// What a command that ended said.
struct Answer {
  int status = -1;
  std::string output;
  std::string errors;
};
Answer Drover(const std::vector<std::string>& arguments, const std::string& input = "",
              absl::Duration timeout = absl::Seconds(60));

// Looks every 20 ms until `condition` holds; false when it did not within `timeout`.
bool Eventually(absl::Duration timeout, const std::function<bool()>& condition);

}  // namespace drover::system_test
