#include "programs/launch/held_port.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drover::launch {
namespace {

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {}
  ~Socket() { ::close(fd_); }
  bool Bind(in_addr_t host, int port, bool reuse) {
    const int on = reuse ? 1 : 0;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(host);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  bool Listen() { return ::listen(fd_, 1) == 0; }

 private:
  const int fd_;
};

TEST(HeldPort, IsNobodyElsesUntilItsListenerComes) {
  auto held = HeldPort::Take();
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_GT(held->port(), 0);
  EXPECT_FALSE(Socket().Bind(INADDR_LOOPBACK, held->port(), /*reuse=*/false));
  Socket listener;
  ASSERT_TRUE(listener.Bind(INADDR_ANY, held->port(), /*reuse=*/true));
  EXPECT_TRUE(listener.Listen());
}

TEST(HeldPort, TwoDiffer) {
  auto one = HeldPort::Take(), two = HeldPort::Take();
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->port(), two->port());
}

TEST(HeldPort, IsFreeAfterwards) {
  int port = 0;
  {
    auto held = HeldPort::Take();
    ASSERT_TRUE(held.ok());
    port = held->port();
  }
  EXPECT_TRUE(Socket().Bind(INADDR_LOOPBACK, port, /*reuse=*/false));
}

}  // namespace
}  // namespace drover::launch
