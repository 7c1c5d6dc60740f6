#include "services/metrics/engine_metrics.h"

namespace drover::metrics {

void CountUpTo(prometheus::Counter& counter, uint64_t total) {
  counter.Increment(static_cast<double>(total) - counter.Value());
}

EngineMetrics::EngineMetrics(prometheus::Registry& registry, const std::string& prefix)
    : cache_pages(AddGauge(registry, prefix + "_cache_pages",
                           "Pages of 16 tokens that the memory for keys and values has.")),
      cache_used_pages(
          AddGauge(registry, prefix + "_cache_used_pages", "Pages that responses in the engine hold.")),
      prefilled_tokens(
          AddCounter(registry, prefix + "_prefilled_tokens_total",
                     "Prompt tokens that went through the model, once for all responses to a prompt.")),
      shared_tokens(
          AddCounter(registry, prefix + "_shared_prompt_tokens_total",
                     "Prompt tokens that did not go through it: another prompt's pages held them.")),
      recomputed_tokens(AddCounter(registry, prefix + "_recomputed_tokens_total",
                                   "Tokens of preempted responses that went through the model again.")),
      preemptions(
          AddCounter(registry, prefix + "_preemptions_total",
                     "Times that a response gave its pages back to an older one, for want of free ones.")),
      generate_seconds(
          AddCounter(registry, prefix + "_generate_seconds_total",
                     "Time in the engine's steps; tokens per second are the ratio of the two.")) {}

}  // namespace drover::metrics
