#include "services/http/testing/client.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace drover::http {
namespace {

Answer Ask(int port, const std::string& request) {
  Connection connection(port);
  connection.Send(request);
  return ParseAnswer(connection.ReceiveAll());
}

}  // namespace

Answer Get(int port, const std::string& path, const std::string& method) {
  return Ask(port,
             absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
}

Answer Post(int port, const std::string& path, const std::string& body) {
  return Ask(port, absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
                                "Content-Length: ", body.size(), "\r\n\r\n", body));
}

Answer ParseAnswer(const std::string& text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.size() < 12) return {};
  return {.code = std::atoi(text.c_str() + 9), .head = text.substr(0, end), .body = text.substr(end + 4)};
}

Connection::Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  ended_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0;
}

bool Connection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

const std::string& Connection::ReceiveUntil(std::string_view marker, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while ((marker.empty() || received_.find(marker) == std::string::npos) && Receive(deadline - absl::Now())) {
  }
  return received_;
}

bool Connection::Ended(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (Receive(deadline - absl::Now())) {
  }
  return ended_;
}

void Connection::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  ended_ = true;
}

bool Connection::Receive(absl::Duration patience) {
  if (ended_) return false;
  pollfd ready = {.fd = fd_, .events = POLLIN};
  const auto wait = static_cast<int>(absl::ToInt64Milliseconds(std::max(patience, absl::ZeroDuration())));
  if (::poll(&ready, 1, wait) <= 0) return false;
  char buffer[4096];
  const ssize_t read = ::recv(fd_, buffer, sizeof(buffer), 0);
  ended_ = read <= 0;
  if (read > 0) received_.append(buffer, static_cast<size_t>(read));
  return !ended_;
}

}  // namespace drover::http
