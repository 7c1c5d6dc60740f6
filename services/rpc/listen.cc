#include "services/rpc/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::rpc {
namespace {

struct Address {
  sockaddr_storage bytes = {};
  socklen_t size = 0;
};

in_port_t& PortOf(Address& address) {
  auto* any = reinterpret_cast<sockaddr*>(&address.bytes);
  return any->sa_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(any)->sin6_port
                                    : reinterpret_cast<sockaddr_in*>(any)->sin_port;
}

absl::StatusOr<std::vector<Address>> Resolve(const std::string& host) {
  const bool bracketed = host.front() == '[';
  const std::string name = bracketed ? host.substr(1, host.size() - 2) : host;
  const addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* first = nullptr;
  if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &first); error != 0) {
    return absl::UnavailableError(::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* at = first; at != nullptr; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    Address& address = addresses.emplace_back();
    std::memcpy(&address.bytes, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
  }
  return addresses;
}

bool IsWildcard(const Address& address) {
  const auto* any = reinterpret_cast<const sockaddr*>(&address.bytes);
  if (any->sa_family == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(any)->sin6_addr);
  }
  return reinterpret_cast<const sockaddr_in*>(any)->sin_addr.s_addr == htonl(INADDR_ANY);
}

Address Wildcard(sa_family_t family) {
  Address address;
  address.bytes.ss_family = family;  // the rest is zeros: any address, port 0
  address.size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return address;
}

bool Set(int socket, int level, int option, int value) {
  return ::setsockopt(socket, level, option, &value, sizeof(value)) == 0;
}

// -1, with errno, when it cannot be had. An IPv6 wildcard takes IPv4 too.
int Open(const Address& address) {
  const sa_family_t family = address.bytes.ss_family;
  const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  // A port whose last owner's connections still fade away is free. Accepted sockets take TCP_NODELAY from this one.
  const bool ok = Set(socket, SOL_SOCKET, SO_REUSEADDR, 1) && Set(socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
                  (family != AF_INET6 || Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
                  ::bind(socket, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0 &&
                  ::listen(socket, SOMAXCONN) == 0;
  if (ok) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

absl::StatusOr<int> PortOfSocket(int socket) {
  Address address;
  address.size = sizeof(address.bytes);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address.bytes), &address.size) != 0) {
    return absl::UnavailableError(std::strerror(errno));
  }
  return ntohs(PortOf(address));
}

}  // namespace

absl::StatusOr<ListeningSockets> ListeningSockets::Open(const HostPort& address) {
  ASSIGN_OR_RETURN(std::vector<Address> addresses, Resolve(address.host));
  bool first_is_enough = false;
  for (const Address& one : addresses) first_is_enough = first_is_enough || IsWildcard(one);
  if (first_is_enough)
    addresses = {Wildcard(AF_INET6), Wildcard(AF_INET)};  // the other: a machine without IPv6

  ListeningSockets opened;
  opened.port_ = address.port;
  int error = 0;
  for (Address& one : addresses) {
    PortOf(one) = htons(static_cast<uint16_t>(opened.port_));
    const int socket = rpc::Open(one);
    if (socket < 0) {
      error = errno;
      continue;
    }
    opened.sockets_.push_back(socket);
    ASSIGN_OR_RETURN(opened.port_, PortOfSocket(socket));
    if (first_is_enough) break;
  }
  if (opened.sockets_.empty()) return absl::UnavailableError(std::strerror(error));
  return opened;
}

ListeningSockets::~ListeningSockets() {
  for (const int socket : sockets_) ::close(socket);
}

std::vector<int> ListeningSockets::Release() { return std::exchange(sockets_, {}); }

}  // namespace drover::rpc
