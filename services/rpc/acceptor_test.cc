#include "services/rpc/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace drover::rpc {
namespace {

constexpr absl::Duration kLong = absl::Seconds(20);

bool IsClosed(int socket) {
  const timeval patience = {.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  char byte = 0;
  const ssize_t got = ::recv(socket, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

// The number that the next descriptor gets.
int NextDescriptor() {
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  return next;
}

class AcceptorTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit_), 0); }
  void TearDown() override {
    SetSoftLimit(limit_.rlim_cur);
    acceptor_.reset();
    CloseAll();
  }

  void CloseAll() {
    absl::MutexLock lock(&mutex_);
    for (const int socket : taken_) ::close(socket);
    for (const int socket : clients_) ::close(socket);
    taken_.clear();
    clients_.clear();
  }

  void Start(const AcceptorOptions& options) {
    auto listening = ListeningSockets::Open({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(listening.ok()) << listening.status();
    port_ = listening->port();
    auto acceptor = Acceptor::Start(options, *std::move(listening), [this](int socket) {
      absl::MutexLock lock(&mutex_);
      taken_.push_back(socket);
    });
    ASSERT_TRUE(acceptor.ok()) << acceptor.status();
    acceptor_ = *std::move(acceptor);
  }

  // The client's socket; -1 when nobody listens.
  int Connect() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    clients_.push_back(socket);
    return ConnectSocket(socket) ? socket : -1;
  }
  bool ConnectSocket(int socket) const {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port_));
    return ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  // Of `count` connections, which are made one after the other, those are taken whose numbers are below `bound`.
  void ConnectMoreThanFit(size_t count, int bound) {
    int last = -1;
    for (size_t i = 0; i < count; ++i) {
      last = Connect();
      ASSERT_GE(last, 0);
      if (i > 0) continue;
      ASSERT_TRUE(Taken(1));  // the clients' own sockets may be faster, and fill the room
    }
    EXPECT_TRUE(IsClosed(last));  // and so the others were decided upon
    absl::MutexLock lock(&mutex_);
    EXPECT_LT(taken_.size(), count);
    for (const int socket : taken_) EXPECT_LT(socket, bound);
  }

  // Within `patience` so many were taken.
  bool Taken(size_t count, absl::Duration patience = kLong) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&] { return taken_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), patience);
  }

  void SetSoftLimit(rlim_t soft) const {
    const rlimit limit = {.rlim_cur = soft, .rlim_max = limit_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit limit_ = {};
  int port_ = 0;
  absl::Mutex mutex_;
  std::vector<int> taken_;
  std::vector<int> clients_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, HandsOverSocketsThatDoNotBlock) {
  Start({});
  ASSERT_GE(Connect(), 0);
  ASSERT_TRUE(Taken(1));
  EXPECT_NE(::fcntl(taken_[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(taken_[0], F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(AcceptorTest, RefusesWhenTooManyFilesAreOpenAndTakesAgainLater) {
  const int bound = NextDescriptor() + 20;
  Start({.max_open_files = bound});
  ConnectMoreThanFit(/*count=*/20, bound);
  CloseAll();
  ASSERT_GE(Connect(), 0);
  EXPECT_TRUE(Taken(1));
}

TEST_F(AcceptorTest, LeavesDescriptorsOfTheLimitToOthers) {
  const int limit = NextDescriptor() + 80;
  Start({.reserved_files = 40});
  SetSoftLimit(static_cast<rlim_t>(limit));
  ConnectMoreThanFit(/*count=*/30, limit - 40);
}

TEST_F(AcceptorTest, GoesOnWhenDescriptorsComeBack) {
  Start({});
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  clients_.push_back(client);
  SetSoftLimit(static_cast<rlim_t>(NextDescriptor()));  // not one is left
  EXPECT_TRUE(ConnectSocket(client));
  EXPECT_FALSE(Taken(1, absl::Milliseconds(200)));
  SetSoftLimit(limit_.rlim_cur);
  EXPECT_TRUE(Taken(1));
}

TEST_F(AcceptorTest, StopsWhileThereAreNoDescriptors) {
  Start({});
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  clients_.push_back(client);
  SetSoftLimit(static_cast<rlim_t>(NextDescriptor()));
  EXPECT_TRUE(ConnectSocket(client));
  acceptor_->Stop();
  acceptor_->Stop();
  SetSoftLimit(limit_.rlim_cur);
  EXPECT_EQ(Connect(), -1);
}

}  // namespace
}  // namespace drover::rpc
