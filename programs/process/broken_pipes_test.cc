#include "programs/process/broken_pipes.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace drover::process {
namespace {

// Writes as Gloo does, to a peer that is gone; the process's exit status is 0 when that was an error.
void WriteToNobody() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ::_exit(1);
  ::close(ends[1]);
  ::_exit(::write(ends[0], "x", 1) == -1 && errno == EPIPE ? 0 : 2);
}

TEST(BrokenPipes, AreErrorsAndNoSignals) {
  EXPECT_EXIT(
      {
        ::signal(SIGPIPE, SIG_DFL);
        WriteToNobody();
      },
      testing::KilledBySignal(SIGPIPE), "");
  EXPECT_EXIT(
      {
        ::signal(SIGPIPE, SIG_DFL);
        IgnoreBrokenPipes();
        WriteToNobody();
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace drover::process
