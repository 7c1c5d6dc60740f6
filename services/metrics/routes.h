// The pages of a process's HTTP port that operators read: /metrics (Prometheus text), /livez and /readyz.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/http/routes.h"

namespace drover::metrics {

// Functions are called from the server's threads, several at a time, and live as long as the server.
struct PageOptions {
  // OK: 200 "ok". Otherwise 503 and the status's message. Null: always OK.
  std::function<absl::Status()> live;   // progress, never dependencies: not OK asks for a restart
  std::function<absl::Status()> ready;  // not OK takes the process out of balancing
  // Called before each answer to /metrics, to set what is looked up and not counted. Null: nothing.
  std::function<void()> refresh;
  std::string process;  // for ProcessMetrics; empty: this program's name
};

// The metrics of `collectables` (kept alive) and those of the process itself (process_metrics.h), and the probes.
void AddPages(PageOptions options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables,
              http::Routes& routes);

}  // namespace drover::metrics
