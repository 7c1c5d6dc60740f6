// What a generation engine exports, the same for an actor and for `drover serve`.
#pragma once

#include <cstdint>
#include <string>

#include "services/metrics/registry.h"

namespace drover::metrics {

// Raises a counter to `total`, which what it shows has counted since the counter was 0.
void CountUpTo(prometheus::Counter& counter, uint64_t total);

struct EngineMetrics {
  // `prefix`: what the names begin with, such as drover_actor.
  EngineMetrics(prometheus::Registry& registry, const std::string& prefix);

  // `counts`: actor::GeneratorCounts, which this folder knows nothing of; what it counts, it has counted since these metrics
  // were made. One thread calls this.
  template <typename Counts>
  void Show(const Counts& counts) {
    cache_pages.Set(static_cast<double>(counts.pages));
    cache_used_pages.Set(static_cast<double>(counts.used_pages));
    CountUpTo(prefilled_tokens, counts.prefilled_tokens);
    CountUpTo(shared_tokens, counts.shared_tokens);
    CountUpTo(recomputed_tokens, counts.recomputed_tokens);
    CountUpTo(preemptions, counts.preemptions);
  }

  prometheus::Gauge& cache_pages;       // of keys and values, that there are
  prometheus::Gauge& cache_used_pages;  // that some response holds
  prometheus::Counter& prefilled_tokens;
  prometheus::Counter& shared_tokens;      // of prompts, that another prompt's pages held
  prometheus::Counter& recomputed_tokens;  // of preempted responses
  prometheus::Counter& preemptions;
  prometheus::Counter& generate_seconds;  // in steps: tokens/s of generation is the ratio of the two
};

}  // namespace drover::metrics
