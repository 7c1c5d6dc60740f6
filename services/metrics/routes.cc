#include "services/metrics/routes.h"

#include <prometheus/text_serializer.h>

#include <cerrno>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/metrics/process_metrics.h"

namespace drover::metrics {
namespace {

using Collectables = std::vector<std::shared_ptr<prometheus::Collectable>>;

std::string MetricsText(const Collectables& collectables) {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& collectable : collectables) {
    std::vector<prometheus::MetricFamily> families = collectable->Collect();
    std::move(families.begin(), families.end(), std::back_inserter(all));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, all);
  return text.str();
}

http::Page Probe(std::function<absl::Status()> probe) {
  return [probe = std::move(probe)](const http::Request&) {
    const absl::Status status = probe ? probe() : absl::OkStatus();
    if (status.ok()) return http::Text(200, "ok\n");
    return http::Text(503, absl::StrCat(status.message(), "\n"));
  };
}

}  // namespace

void AddPages(PageOptions options, Collectables collectables, http::Routes& routes) {
  collectables.push_back(std::make_shared<ProcessMetrics>(
      options.process.empty() ? program_invocation_short_name : options.process));
  routes.Add("GET", "/metrics",
             [refresh = std::move(options.refresh),
              collectables = std::move(collectables)](const http::Request&) -> http::Response {
               if (refresh) refresh();
               return {.head = {.type = "text/plain; version=0.0.4; charset=utf-8"},
                       .body = MetricsText(collectables)};
             });
  routes.Add("GET", "/livez", Probe(std::move(options.live)));
  routes.Add("GET", "/readyz", Probe(std::move(options.ready)));
}

}  // namespace drover::metrics
