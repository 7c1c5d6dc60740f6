// Everything that `drover serve` exports.
#pragma once

#include <array>
#include <memory>

#include "services/metrics/engine_metrics.h"
#include "services/metrics/registry.h"

namespace drover::metrics {

// What became of a request: answered whole; answered with an error (the generation failed, took too long, was cut off by
// the end of the server); nobody was there to be answered; not taken, because it was wrong, its key was, or there were too many.
enum class ServeEnd { kDone, kFailed, kClientGone, kRefusedWrong, kRefusedKey, kRefusedBusy };
inline constexpr size_t kServeEnds = 6;

struct ServeMetrics {
  ServeMetrics();

  std::shared_ptr<prometheus::Registry> registry;  // for AddPages

  prometheus::Gauge& draining;       // 1 after SIGTERM
  prometheus::Gauge& live_requests;  // that wait, run or are being sent
  prometheus::Gauge& queued_groups;  // prompts of which some response has not begun
  EngineMetrics engine;
  prometheus::Counter& prompt_tokens;  // of requests that were taken
  prometheus::Counter& generated_tokens;
  prometheus::Counter& deadlines;              // requests that took too long
  prometheus::Histogram& first_token_seconds;  // from arrival
  prometheus::Histogram& request_seconds;      // from arrival to the last byte handed over, of those done
  prometheus::Histogram& response_tokens;

  void Ended(ServeEnd end) { ends_[static_cast<size_t>(end)]->Increment(); }

 private:
  std::array<prometheus::Counter*, kServeEnds> ends_;
};

}  // namespace drover::metrics
