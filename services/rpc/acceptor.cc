#include "services/rpc/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "services/rpc/milliseconds.h"

namespace drover::rpc {
namespace {

constexpr int kAtOnce = 64;                                  // so that a flood does not keep it from stopping
constexpr int kPauseMs = 50;                                 // while there is no descriptor at all
constexpr absl::Duration kBetweenWords = absl::Seconds(10);  // about refused connections

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Start(const AcceptorOptions& options,
                                                          ListeningSockets listening,
                                                          std::function<void(int)> take) {
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) return absl::UnavailableError(std::strerror(errno));
  auto acceptor = absl::WrapUnique(new Acceptor(options, std::move(listening), std::move(take), wake));
  absl::MutexLock lock(&acceptor->stop_mutex_);
  acceptor->thread_ = std::thread([raw = acceptor.get()] { raw->Run(); });
  return acceptor;
}

Acceptor::~Acceptor() {
  Stop();
  ::close(wake_);
}

void Acceptor::Stop() {
  absl::MutexLock lock(&stop_mutex_);
  if (!thread_.joinable()) return;
  ::eventfd_write(wake_, 1);
  thread_.join();
  listening_.reset();
}

void Acceptor::Run() {
  std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN}};
  for (const int socket : listening_->sockets()) polled.push_back({.fd = socket, .events = POLLIN});
  while (true) {
    // Fails for a signal, or for want of memory just now.
    if (::poll(polled.data(), polled.size(), /*timeout=*/-1) < 0) continue;
    if (polled[0].revents != 0) return;
    bool ok = true;
    for (size_t i = 1; i < polled.size(); ++i) ok = (polled[i].revents == 0 || AcceptAll(polled[i].fd)) && ok;
    // What waits goes on waiting, and poll would come back at once.
    if (ok) continue;
    WarnNowAndThen("no connection can be taken: there is no descriptor or memory for it");
    if (::poll(polled.data(), 1, kPauseMs) > 0) return;
  }
}

bool Acceptor::AcceptAll(int listening) {
  for (int taken = 0; taken < kAtOnce; ++taken) {
    const int socket = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;  // the latter: one whose peer has gone already
      return errno == EAGAIN;
    }
    if (!HasRoomFor(socket)) {
      ::close(socket);
      ++refused_;
      WarnNowAndThen("connections are refused: too many are open");
      continue;
    }
    const int timeout = Milliseconds(options_.user_timeout);
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
    take_(socket);
  }
  return true;
}

bool Acceptor::HasRoomFor(int socket) const {
  const auto room = static_cast<rlim_t>(std::max(options_.max_open_files, 0));
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<rlim_t>(socket) < room;
  const rlim_t reserved = std::min(static_cast<rlim_t>(options_.reserved_files), limit.rlim_cur / 2);
  return static_cast<rlim_t>(socket) < std::min(room, limit.rlim_cur - reserved);
}

void Acceptor::WarnNowAndThen(std::string_view message) {
  const absl::Time now = absl::Now();
  if (now - last_word_ < kBetweenWords) return;
  last_word_ = now;
  log::Warning(message, {{"refused", std::exchange(refused_, 0)}});
}

}  // namespace drover::rpc
