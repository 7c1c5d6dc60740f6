// Takes connections in a gRPC server's stead, so that those that are too many are closed and not left to it: gRPC's own
// listener stops for ever at the first accept() that fails, as it does without a free descriptor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/rpc/listen.h"

namespace drover::rpc {

struct AcceptorOptions {
  // Descriptors that connections leave to the rest of the process, out of its limit of open files (half of it at most).
  int reserved_files = 256;
  // Open files of the process from which on connections are refused whatever its limit is: one takes about 14 KiB.
  int max_open_files = 16384;
  // Data that was sent and is not acknowledged for so long ends the connection.
  absl::Duration user_timeout = absl::Seconds(20);
};

// A new descriptor is the lowest free number: one of n or above says that n are open. So a connection is refused when its
// number is past the bound: nobody need count those that are closed, and none ever keeps one of the last
// `reserved_files`.
class Acceptor {
 public:
  // `take` gets each connection's socket, which does not block, and owns it. It is called by one thread, from before Start
  // returns until Stop does.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Start(const AcceptorOptions& options,
                                                         ListeningSockets listening,
                                                         std::function<void(int socket)> take);
  ~Acceptor();  // Stop()
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Takes no more connections and closes the listening sockets. Idempotent, thread-safe; not from `take`.
  void Stop() ABSL_LOCKS_EXCLUDED(stop_mutex_);

 private:
  Acceptor(const AcceptorOptions& options, ListeningSockets listening, std::function<void(int)> take,
           int wake)
      : options_(options), listening_(std::move(listening)), take_(std::move(take)), wake_(wake) {}

  void Run();
  // Connections that wait at one socket. False: there may be more, but no descriptors or memory for them.
  bool AcceptAll(int listening);
  bool HasRoomFor(int socket) const;
  void WarnNowAndThen(std::string_view message);

  const AcceptorOptions options_;
  std::optional<ListeningSockets> listening_;  // of the thread, and of Stop when that has ended
  const std::function<void(int)> take_;
  const int wake_;  // an eventfd: readable when it shall stop
  absl::Mutex stop_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(stop_mutex_);

  // Of the thread.
  uint64_t refused_ = 0;  // since the last word about it
  absl::Time last_word_ = absl::InfinitePast();
};

}  // namespace drover::rpc
