// Everything that a verifier exports.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "services/metrics/registry.h"

namespace drover::metrics {

struct VerifierMetrics {
  // `reasons`: every reason code that a grade can have.
  explicit VerifierMetrics(const std::vector<std::string>& reasons);

  std::shared_ptr<prometheus::Registry> registry;  // for AddPages

  prometheus::Counter& unary_calls;
  prometheus::Counter& stream_calls;
  prometheus::Counter& rejected;   // grades refused because the queue was full
  prometheus::Counter& undecided;  // grades that no argument decided: reward 0
  prometheus::Counter& abandoned;  // grades not begun because their caller had gone or was out of time
  prometheus::Gauge& queued;       // grades that wait for a thread
  prometheus::Gauge& queue_limit;
  prometheus::Gauge& threads;
  prometheus::Histogram& grade_seconds;  // of one response
  prometheus::Histogram& queue_seconds;  // from arrival to a thread
  ErrorCounters errors;                  // calls that ended in an error

  // One grade with this reason; a reason that was not declared counts as "other".
  void Graded(std::string_view reason);

 private:
  std::map<std::string, prometheus::Counter*, std::less<>> reasons_;
  prometheus::Counter* other_;
};

}  // namespace drover::metrics
