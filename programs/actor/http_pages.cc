#include "programs/actor/http_pages.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "services/metrics/routes.h"

namespace drover::actor_process {

absl::StatusOr<std::unique_ptr<http::Server>> ServePages(const Flags& flags, const Heartbeats& heartbeats,
                                                         const process::Readiness& readiness,
                                                         const metrics::ActorMetrics* metrics) {
  http::Routes routes;
  std::vector<std::shared_ptr<prometheus::Collectable>> own;
  if (metrics != nullptr) own.push_back(metrics->registry);
  metrics::AddPages({.live = [&heartbeats] { return heartbeats.Check(); },
                     .ready = [&readiness] { return readiness.Check(); }},
                    std::move(own), routes);
  ASSIGN_OR_RETURN(
      auto server,
      http::Server::Start({.name = "metrics", .listen = flags.common.metrics_listen}, std::move(routes)));
  RETURN_IF_ERROR(process::WritePortFile(flags.common, /*grpc_port=*/0, server->port()));
  return server;
}

}  // namespace drover::actor_process
