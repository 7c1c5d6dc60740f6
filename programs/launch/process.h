// A child process that cannot outlive us: the kernel kills it when the thread that started it ends.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace drover::launch {

struct ProcessOptions {
  std::string name;                                // "actor-1", for messages
  std::vector<std::string> argv;                   // argv[0] is the program's path
  std::map<std::string, std::string> environment;  // added to ours
  std::string output_file;                         // standard output and standard error are appended to it
  // Descriptors that become its standard input and output; -1: nothing to read, and output_file. Open with O_CLOEXEC; the caller
  // keeps them and closes its copies after Start.
  int input = -1, output = -1;
};

// For programs with LibTorch in them: no thread that waits at a barrier may spin while another process needs its core.
const std::map<std::string, std::string>& PatientThreads();

// How a process ended.
struct Exit {
  int code = 0;    // its exit status, when it was not killed
  int signal = 0;  // the signal that killed it, or 0
  bool ok() const { return code == 0 && signal == 0; }
  // "exited with status 3", "was killed by signal 9 (Killed)".
  std::string ToString() const;
};

// Not thread-safe. The destructor kills a child that still runs and reaps it.
class Process {
 public:
  // Starts it in a process group of its own, so that a terminal's Ctrl-C reaches us alone and we end it in
  // order. Signals blocked here are unblocked there.
  static absl::StatusOr<Process> Start(const ProcessOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }

  // How it ended; unset while it runs. Never blocks.
  std::optional<Exit> Poll();
  // Waits for its end, at most `timeout`.
  std::optional<Exit> Wait(absl::Duration timeout);
  // Sends a signal if it still runs.
  void Signal(int signal);

 private:
  Process(std::string name, pid_t pid) : name_(std::move(name)), pid_(pid) {}
  std::string name_;
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
};

}  // namespace drover::launch
