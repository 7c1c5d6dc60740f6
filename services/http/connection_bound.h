// Which of a server's connections make room when there are too many: those that have been without an answer for longest.
#pragma once

#include <cstddef>
#include <list>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace drover::http {

// A connection that sends its request a byte at a time is never idle and never done. So each counts by when it was opened
// or answered last. One whose request is with a handler waits for us and not we for it: it stays, and does not count.
// Thread-safe. Descriptors are those of open sockets between Opened and Closed.
class ConnectionBound {
 public:
  // At most `most` stay; those without an answer for `patience` go as soon as another comes.
  ConnectionBound(size_t most, absl::Duration patience) : most_(most), patience_(patience) {}

  // Shuts those down that have to make room for this one.
  void Opened(int fd, absl::Time now);
  void Answering(int fd);
  void Answered(int fd, absl::Time now);
  // Before the descriptor is closed.
  void Closed(int fd);

  // That count.
  size_t open() const;

 private:
  struct Connection {
    int fd = -1;
    absl::Time since;
    bool answering = false;
  };
  void ShutDownOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t most_;
  const absl::Duration patience_;
  mutable absl::Mutex mutex_;
  std::list<Connection> connections_ ABSL_GUARDED_BY(mutex_);  // that count, oldest first
  std::list<Connection> answering_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::list<Connection>::iterator> by_fd_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::http
