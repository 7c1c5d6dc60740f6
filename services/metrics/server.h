// The HTTP port of a process: /metrics (Prometheus text), /livez and /readyz, by libmicrohttpd (docs/decisions/0007).
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::metrics {

struct MetricsServerOptions {
  std::string listen =
      "127.0.0.1:0";  // address:port; port 0: the system picks one; [::] is all of IPv6 and IPv4
  int threads = 2;    // that answer
  // OK: 200 "ok". Otherwise 503 and the status's message. Called from the server's threads. Null: always OK.
  std::function<absl::Status()> live;   // progress, never dependencies: not OK asks for a restart
  std::function<absl::Status()> ready;  // not OK takes the process out of balancing
  // Called before each answer to /metrics, to set what is looked up and not counted. Null: nothing.
  std::function<void()> refresh;
  std::string process;  // for ProcessMetrics; empty: this program's name

  absl::Status Validate() const;
};

// Thread-safe.
class MetricsServer {
 public:
  // Serves the metrics of `collectables` (kept alive) and those of the process itself (process_metrics.h).
  // INVALID_ARGUMENT for what is no address, UNAVAILABLE when it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const MetricsServerOptions& options,
      std::vector<std::shared_ptr<prometheus::Collectable>> collectables);
  // Waits for the requests in flight.
  ~MetricsServer();

  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::metrics
