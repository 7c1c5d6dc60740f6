#include "services/http/connection_bound.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace drover::http {
namespace {

class ConnectionBoundTest : public ::testing::Test {
 protected:
  ConnectionBoundTest() {
    for (auto& pair : pairs_) EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  }
  ~ConnectionBoundTest() override {
    for (auto& pair : pairs_) {
      for (int fd : pair) ::close(fd);
    }
  }
  int fd(int i) const { return pairs_[i][0]; }
  // Whether the other end hears that it is over.
  bool ShutDown(int i) const {
    char byte;
    return ::recv(pairs_[i][1], &byte, 1, MSG_DONTWAIT) == 0;
  }
  static absl::Time At(int seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

  std::array<std::array<int, 2>, 5> pairs_;
};

TEST_F(ConnectionBoundTest, TheOneWithoutAnAnswerForLongestMakesRoom) {
  ConnectionBound bound(3, absl::Seconds(100));
  for (int i = 0; i < 3; ++i) bound.Opened(fd(i), At(i));
  bound.Answered(fd(0), At(5));
  bound.Opened(fd(3), At(6));
  EXPECT_FALSE(ShutDown(0));
  EXPECT_TRUE(ShutDown(1));
  EXPECT_FALSE(ShutDown(2));
  EXPECT_EQ(bound.open(), 3u);
  bound.Answered(fd(1), At(7));  // its answer was under way
  bound.Closed(fd(1));
  EXPECT_EQ(bound.open(), 3u);
}

TEST_F(ConnectionBoundTest, PatienceEnds) {
  ConnectionBound bound(5, absl::Seconds(10));
  bound.Opened(fd(0), At(0));
  bound.Opened(fd(1), At(5));
  bound.Opened(fd(2), At(11));
  EXPECT_TRUE(ShutDown(0));
  EXPECT_FALSE(ShutDown(1));
}

TEST_F(ConnectionBoundTest, OneWhoseRequestIsWithAHandlerStays) {
  ConnectionBound bound(2, absl::Seconds(10));
  bound.Opened(fd(0), At(0));
  bound.Answering(fd(0));
  EXPECT_EQ(bound.open(), 0u);
  for (int i = 1; i < 4; ++i) bound.Opened(fd(i), At(20));
  EXPECT_FALSE(ShutDown(0));
  EXPECT_TRUE(ShutDown(1));
  bound.Answering(fd(1));  // it had to make room
  bound.Answered(fd(0), At(30));
  bound.Answered(fd(2), At(31));
  bound.Opened(fd(4), At(32));
  EXPECT_TRUE(ShutDown(3)) << "since 20";
  EXPECT_TRUE(ShutDown(0)) << "since 30: it counts again";
  EXPECT_FALSE(ShutDown(2));
  bound.Answering(fd(2));
  bound.Closed(fd(2));
  EXPECT_EQ(bound.open(), 1u);
}

TEST_F(ConnectionBoundTest, ClosedOnesCountNoMore) {
  ConnectionBound bound(1, absl::Seconds(10));
  bound.Opened(fd(0), At(0));
  bound.Closed(fd(0));
  bound.Opened(fd(1), At(1));
  EXPECT_FALSE(ShutDown(0));
  EXPECT_FALSE(ShutDown(1));
}

}  // namespace
}  // namespace drover::http
