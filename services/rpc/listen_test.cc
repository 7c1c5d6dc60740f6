#include "services/rpc/listen.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace drover::rpc {
namespace {

bool CanConnect(sa_family_t family, int port) {
  sockaddr_storage bytes = {};
  bytes.ss_family = family;
  if (family == AF_INET6) {
    auto& address = reinterpret_cast<sockaddr_in6&>(bytes);
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons(static_cast<uint16_t>(port));
  } else {
    auto& address = reinterpret_cast<sockaddr_in&>(bytes);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
  }
  const int socket = ::socket(family, SOCK_STREAM, 0);
  const bool connected =
      socket >= 0 && ::connect(socket, reinterpret_cast<sockaddr*>(&bytes),
                               family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)) == 0;
  ::close(socket);
  return connected;
}

bool HasIPv6() { return ListeningSockets::Open({.host = "[::1]", .port = 0}).ok(); }

TEST(ListeningSockets, TakeThePortThatIsAskedForAndGiveItBack) {
  int port = 0;
  {
    const auto picked = ListeningSockets::Open({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(picked.ok()) << picked.status();
    port = picked->port();
    EXPECT_GT(port, 0);
    EXPECT_TRUE(CanConnect(AF_INET, port));
    EXPECT_EQ(ListeningSockets::Open({.host = "127.0.0.1", .port = port}).status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(ListeningSockets::Open({.host = "0.0.0.0", .port = port}).status().code(),
              absl::StatusCode::kUnavailable);
  }
  EXPECT_FALSE(CanConnect(AF_INET, port));
  const auto again = ListeningSockets::Open({.host = "127.0.0.1", .port = port});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->port(), port);
}

TEST(ListeningSockets, WildcardsAreEveryAddressOfEitherFamily) {
  const bool has_ipv6 = HasIPv6();
  for (const char* host : {"0.0.0.0", "[::]"}) {
    const auto all = ListeningSockets::Open({.host = host, .port = 0});
    ASSERT_TRUE(all.ok()) << host << ": " << all.status();
    EXPECT_TRUE(CanConnect(AF_INET, all->port())) << host;
    EXPECT_EQ(CanConnect(AF_INET6, all->port()), has_ipv6) << host;
  }
}

TEST(ListeningSockets, OneFamilysAddressIsOfThatFamily) {
  if (!HasIPv6()) GTEST_SKIP() << "skipped: no IPv6";
  const auto six = ListeningSockets::Open({.host = "[::1]", .port = 0});
  ASSERT_TRUE(six.ok()) << six.status();
  EXPECT_TRUE(CanConnect(AF_INET6, six->port()));
  EXPECT_FALSE(CanConnect(AF_INET, six->port()));
}

TEST(ListeningSockets, ANameIsAllItsAddressesAtOnePort) {
  const auto named = ListeningSockets::Open({.host = "localhost", .port = 0});
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_TRUE(CanConnect(AF_INET, named->port()));
}

TEST(ListeningSockets, WhatIsNoAddressOfThisMachineIsUnavailable) {
  // 192.0.2.0/24 is for documentation (RFC 5737); names under .invalid never resolve (RFC 2606).
  for (const char* host : {"192.0.2.1", "nowhere.invalid"}) {
    const absl::Status status = ListeningSockets::Open({.host = host, .port = 0}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << host;
    EXPECT_FALSE(status.message().empty());
  }
}

}  // namespace
}  // namespace drover::rpc
