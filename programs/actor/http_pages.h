// What every rank of an actor serves over HTTP: metrics, liveness and readiness. The actor's own metrics are rank 0's alone: zeros
// of the others would be taken for an actor that does nothing.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/heartbeat.h"
#include "programs/actor/flags.h"
#include "programs/process/readiness.h"
#include "services/http/server.h"
#include "services/metrics/actor_metrics.h"

namespace drover::actor_process {

// Serves, and writes the port file; what is given outlives the server. `metrics` may be null: only the process's then.
absl::StatusOr<std::unique_ptr<http::Server>> ServePages(const Flags& flags, const Heartbeats& heartbeats,
                                                         const process::Readiness& readiness,
                                                         const metrics::ActorMetrics* metrics);

}  // namespace drover::actor_process
