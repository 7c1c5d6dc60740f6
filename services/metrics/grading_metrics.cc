#include "services/metrics/grading_metrics.h"

namespace drover::metrics {

GradingClientMetrics::GradingClientMetrics(prometheus::Registry& registry)
    : responses(AddCounter(registry, "drover_grading_responses_total", "Responses whose grades came back.")),
      retries(AddCounter(registry, "drover_grading_retries_total", "Grading calls that were tried again.")),
      hedges(AddCounter(registry, "drover_grading_hedges_total",
                        "Second attempts sent to another verifier because the first was slow.")),
      hedges_won(AddCounter(registry, "drover_grading_hedges_won_total",
                            "Hedges that were answered before the attempt that they doubled.")),
      budget_exhausted(AddCounter(registry, "drover_grading_budget_exhausted_total",
                                  "Retries and hedges held back because the retry budget was spent.")),
      seconds(AddHistogram(registry, "drover_grading_seconds",
                           "Time of a grading call as its client sees it, retries included.",
                           ShortSeconds())),
      errors(registry, "drover_grading_errors_total", "Failed grading attempts, by kind.") {}

}  // namespace drover::metrics
