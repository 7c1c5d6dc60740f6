// What a client of the verifiers counts.
#pragma once

#include "services/metrics/registry.h"

namespace drover::metrics {

struct GradingClientMetrics {
  explicit GradingClientMetrics(prometheus::Registry& registry);

  prometheus::Counter& responses;
  prometheus::Counter& retries;
  prometheus::Counter& hedges;            // second attempts sent because the first was slow
  prometheus::Counter& hedges_won;        // those that were answered first
  prometheus::Counter& budget_exhausted;  // retries and hedges held back because the budget was spent
  prometheus::Histogram& seconds;
  ErrorCounters errors;
};

}  // namespace drover::metrics
