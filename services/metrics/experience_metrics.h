// What the learner's ExperienceService counts.
#pragma once

#include <array>
#include <cstdint>

#include "drover/v1/experience.pb.h"
#include "services/metrics/registry.h"

namespace drover::metrics {

// A moment's picture of the store behind the service.
struct ExperienceGauges {
  uint64_t accepted_groups = 0;  // of the rollout that is being collected ...
  uint64_t needed_groups = 0;    // ... of how many
  uint64_t held_leases = 0;      // by actors, of both kinds
  uint64_t waiting_calls = 0;    // long polls
  uint64_t queued_groups = 0;    // submitted, waiting for the disk
  uint64_t queued_bytes = 0;
};

// Thread-safe.
struct ExperienceMetrics {
  explicit ExperienceMetrics(prometheus::Registry& registry);

  prometheus::Gauge& accepted_groups;
  prometheus::Gauge& needed_groups;
  prometheus::Gauge& held_leases;
  prometheus::Gauge& waiting_calls;
  prometheus::Gauge& queued_groups;
  prometheus::Gauge& queued_bytes;
  prometheus::Gauge& group_timestamp;
  prometheus::Histogram& submit_seconds;
  ErrorCounters errors;

  void Set(const ExperienceGauges& gauges);
  // A submission was answered so.
  void Submitted(v1::SubmitOutcome outcome);

 private:
  static constexpr size_t kOutcomes = 5;
  std::array<prometheus::Counter*, kOutcomes> outcomes_;
};

}  // namespace drover::metrics
