// Listening TCP sockets, as gRPC opens them.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"

namespace drover::rpc {

// Owns its sockets.
class ListeningSockets {
 public:
  // Every address that the host's name has, as far as it is of this machine and free; "0.0.0.0" and "[::]" are both all
  // addresses of either family. Port 0: the system picks one, the same for all. The port is not shared with another
  // process. UNAVAILABLE when not one address can be listened on.
  static absl::StatusOr<ListeningSockets> Open(const HostPort& address);

  ListeningSockets(ListeningSockets&& other) noexcept : sockets_(other.Release()), port_(other.port_) {}
  ListeningSockets& operator=(ListeningSockets&& other) = delete;
  ~ListeningSockets();

  // They do not block, and are open as long as this lives.
  const std::vector<int>& sockets() const { return sockets_; }
  int port() const { return port_; }

 private:
  ListeningSockets() = default;
  std::vector<int> Release();

  std::vector<int> sockets_;
  int port_ = 0;
};

}  // namespace drover::rpc
