// A port of loopback that nobody else is given while it is held, for a process that will listen on it.
#pragma once

#include "absl/status/statusor.h"

namespace drover::launch {

// Bound and not listening: the system gives the port to nobody who asks for any, and nobody can bind it but a listener
// that sets SO_REUSEADDR, as c10d's store does.
class HeldPort {
 public:
  static absl::StatusOr<HeldPort> Take();
  HeldPort(HeldPort&& other) noexcept;
  HeldPort& operator=(HeldPort&& other) noexcept;
  ~HeldPort();

  int port() const { return port_; }

 private:
  HeldPort(int fd, int port) : fd_(fd), port_(port) {}
  int fd_ = -1;
  int port_ = 0;
};

}  // namespace drover::launch
