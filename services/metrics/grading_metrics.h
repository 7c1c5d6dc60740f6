// What a client of the verifiers counts.
#pragma once

#include "services/metrics/registry.h"

namespace drover::metrics {

struct GradingClientMetrics {
  explicit GradingClientMetrics(prometheus::Registry& registry);

  prometheus::Counter& responses;
  prometheus::Counter& retries;
  prometheus::Histogram& seconds;
  ErrorCounters errors;
};

}  // namespace drover::metrics
