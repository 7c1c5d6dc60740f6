// One `drover train` a run folder: two would write over each other's files.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace drover::run {

// Whether a run is going on in the folder.
bool IsRunning(const std::string& folder);

// Held while it lives; a process that dies lets go of it.
class RunLock {
 public:
  // Takes FOLDER/lock. FAILED_PRECONDITION while another process holds it.
  static absl::StatusOr<RunLock> Take(const std::string& folder);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace drover::run
