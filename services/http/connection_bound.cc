#include "services/http/connection_bound.h"

#include <sys/socket.h>

#include <utility>

namespace drover::http {

void ConnectionBound::Opened(int fd, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  while (!connections_.empty() &&
         (connections_.size() >= most_ || connections_.front().since < now - patience_)) {
    ShutDownOldest();
  }
  by_fd_[fd] = connections_.insert(connections_.end(), {.fd = fd, .since = now});
}

void ConnectionBound::Answering(int fd) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return;  // it had to make room
  found->second->answering = true;
  answering_.splice(answering_.end(), connections_, found->second);
}

void ConnectionBound::Answered(int fd, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return;
  Connection& connection = *found->second;
  connection.since = now;
  const bool was_answering = std::exchange(connection.answering, false);
  connections_.splice(connections_.end(), was_answering ? answering_ : connections_, found->second);
}

void ConnectionBound::Closed(int fd) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return;
  (found->second->answering ? answering_ : connections_).erase(found->second);
  by_fd_.erase(found);
}

size_t ConnectionBound::open() const {
  absl::MutexLock lock(&mutex_);
  return connections_.size();
}

void ConnectionBound::ShutDownOldest() {
  // Its owner reads the end of the stream and closes it.
  ::shutdown(connections_.front().fd, SHUT_RDWR);
  by_fd_.erase(connections_.front().fd);
  connections_.pop_front();
}

}  // namespace drover::http
