#include "base/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace drover {

StopSignal::StopSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // A closed terminal; but who ignores it (nohup) means to go on.
  struct sigaction hangup = {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  DROVER_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  DROVER_CHECK(fd_ >= 0);
}

StopSignal::~StopSignal() { ::close(fd_); }

int StopSignal::Wait(absl::Duration timeout) {
  pollfd poller = {fd_, POLLIN, 0};
  if (::poll(&poller, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0) return 0;
  signalfd_siginfo info;
  if (::read(fd_, &info, sizeof(info)) != sizeof(info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace drover
