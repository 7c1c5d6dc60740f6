// A gRPC server as every process of Drover starts it: health, reflection, limits, keepalive.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/rpc/acceptor.h"
#include "services/rpc/security.h"

namespace drover::rpc {

struct ServerOptions {
  Security security = {};
  std::string listen = "127.0.0.1:0";                    // host:port; port 0: the system picks one
  int max_receive_bytes = 64 << 20;                      // of one message
  int max_send_bytes = 64 << 20;                         // of one message
  int max_concurrent_streams = 1024;                     // calls of one connection
  absl::Duration keepalive_time = absl::Seconds(20);     // a ping after so long without data ...
  absl::Duration keepalive_timeout = absl::Seconds(20);  // ... and without its answer the connection is dead
  absl::Duration handshake_timeout =
      absl::Seconds(10);                        // a connection that has said nothing by then is closed
  absl::Duration max_idle = absl::Minutes(10);  // so is one without a call for so long
  // Connections end in order after this long, so that clients' round_robin looks for new replicas; Infinite: never.
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration max_connection_age_grace = absl::Seconds(30);  // for the calls in flight then
  int reserved_files = 256;    // descriptors that connections leave to the rest of the process ...
  int max_open_files = 16384;  // ... and open files from which on they are refused: see AcceptorOptions
  // Of messages that are received and not yet read into their protocol buffers, over all connections: four of the
  // largest. Calls that would need more end with RESOURCE_EXHAUSTED, and some connections with UNAVAILABLE.
  int64_t max_buffered_bytes = 256 << 20;
  // Threads of synchronous services (ours are all callback services, which use gRPC's own few threads).
  int max_threads = 16;

  absl::Status Validate() const;
};

struct NamedService {
  std::string name;  // v1::WeightService::service_full_name(): what the health service calls it
  grpc::Service* service = nullptr;  // outlives the server
};

// Thread-safe.
class Server {
 public:
  // Listens and serves. The health of every service and of the whole ("") is NOT_SERVING until SetServing(true).
  // UNAVAILABLE when the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<NamedService>& services);
  // Shutdown(0).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  // "host:port" with the real port.
  const std::string& address() const { return address_; }

  // What the standard health service answers, for "" and for each service.
  void SetServing(bool serving);

  // Takes no more calls, waits up to `grace` for those in flight, cancels the rest. Idempotent. Streams that never end
  // by themselves must be ended by their service first.
  void Shutdown(absl::Duration grace);

 private:
  Server() = default;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;  // the server's end of them
  std::unique_ptr<Acceptor> acceptor_;                                           // ours
  std::vector<std::string> names_;
  int port_ = 0;
  std::string address_;
};

}  // namespace drover::rpc
