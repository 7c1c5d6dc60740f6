// What the two ends of the weight stream count.
#pragma once

#include "services/metrics/registry.h"

namespace drover::metrics {

struct WeightPublisherMetrics {
  explicit WeightPublisherMetrics(prometheus::Registry& registry);

  prometheus::Counter& sent_bytes;
  prometheus::Counter& sent_versions;
  prometheus::Counter& skipped_versions;
  prometheus::Gauge& subscribers;
  prometheus::Gauge& version_bytes;  // of the newest version
  prometheus::Histogram& send_seconds;
};

struct WeightSubscriberMetrics {
  explicit WeightSubscriberMetrics(prometheus::Registry& registry);

  prometheus::Counter& received_bytes;
  prometheus::Counter& received_versions;
  prometheus::Counter& digest_mismatches;
  prometheus::Gauge& version;      // newest received and verified
  prometheus::Gauge& incarnation;  // of the learner that published it
  prometheus::Gauge& connected;    // 1 while the stream brings what it should
  prometheus::Gauge& received_timestamp;
  prometheus::Histogram& sync_seconds;
  ErrorCounters errors;
};

}  // namespace drover::metrics
