// Everything that an actor exports.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "drover/v1/experience.pb.h"
#include "services/metrics/engine_metrics.h"
#include "services/metrics/grading_metrics.h"
#include "services/metrics/weight_metrics.h"

namespace drover::metrics {

// What became of the groups that an actor began.
enum class GroupEnd { kAccepted, kAlreadyHave, kFiltered, kStale, kExpired, kReturned, kFailed };
inline constexpr size_t kGroupEnds = 7;

struct ActorMetrics {
  ActorMetrics();

  std::shared_ptr<prometheus::Registry> registry;  // for AddPages
  WeightSubscriberMetrics weights;
  GradingClientMetrics grading;

  prometheus::Gauge& ready;           // 1 with confirmed weights and not draining
  prometheus::Gauge& draining;        // 1 after SIGTERM
  prometheus::Gauge& learner_up;      // 1 while the learner answers
  prometheus::Gauge& weight_version;  // that tokens are being sampled from
  prometheus::Gauge& leases_held;
  prometheus::Gauge& groups_generating;
  EngineMetrics engine;
  prometheus::Counter& drafted_tokens;   // guesses that went through the model
  prometheus::Counter& accepted_tokens;  // of them, that were right
  prometheus::Gauge& groups_grading;     // generated, being graded or submitted
  prometheus::Gauge& groups_waiting;     // leased, waiting for their weight version
  prometheus::Counter& generated_tokens;
  prometheus::Counter& idle_seconds_total;  // with nothing to generate
  prometheus::Counter& responses;
  prometheus::Counter& truncated_responses;
  prometheus::Histogram& response_tokens;
  prometheus::Histogram& group_seconds;  // lease to answered submission
  prometheus::Histogram& submit_seconds;
  prometheus::Histogram& swap_seconds;
  prometheus::Counter& weight_swaps;
  prometheus::Gauge& progress_timestamp;  // a decode step, a swap, a submission
  prometheus::Gauge& group_timestamp;     // a group that the learner accepted
  ErrorCounters errors;                   // of calls to the learner

  void Ended(GroupEnd end);
  prometheus::Counter& groups(GroupEnd end) { return *groups_[static_cast<size_t>(end)]; }

 private:
  std::array<prometheus::Counter*, kGroupEnds> groups_;
};

}  // namespace drover::metrics
