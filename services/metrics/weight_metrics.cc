#include "services/metrics/weight_metrics.h"

namespace drover::metrics {

WeightPublisherMetrics::WeightPublisherMetrics(prometheus::Registry& registry)
    : sent_bytes(AddCounter(registry, "drover_weights_sent_bytes_total",
                            "Bytes of tensors handed to the network, over all subscribers.")),
      sent_versions(AddCounter(registry, "drover_weights_sent_versions_total",
                               "Weight versions sent whole, over all subscribers.")),
      skipped_versions(
          AddCounter(registry, "drover_weights_skipped_versions_total",
                     "Weight versions that a subscriber was not sent because a newer one was there.")),
      subscribers(AddGauge(registry, "drover_weights_subscribers", "Open weight streams.")),
      version_bytes(AddGauge(registry, "drover_weights_version_bytes",
                             "Bytes of tensors of the newest version published.")),
      send_seconds(AddHistogram(registry, "drover_weights_send_seconds",
                                "Time from a version's first to its last frame on one stream.",
                                LongSeconds())) {}

WeightSubscriberMetrics::WeightSubscriberMetrics(prometheus::Registry& registry)
    : received_bytes(
          AddCounter(registry, "drover_weights_received_bytes_total", "Bytes of tensors received.")),
      received_versions(AddCounter(registry, "drover_weights_received_versions_total",
                                   "Weight versions received whole and verified by digest.")),
      digest_mismatches(
          AddCounter(registry, "drover_weights_digest_mismatches_total",
                     "Weight versions whose bytes did not fit their digest; asked for afresh.")),
      version(AddGauge(registry, "drover_weights_received_version",
                       "Newest weight version received and verified.")),
      incarnation(AddGauge(registry, "drover_weights_received_incarnation",
                           "Incarnation of the learner that published the newest version.")),
      connected(AddGauge(registry, "drover_weights_stream_up",
                         "1 while the weight stream is open and has brought a whole version, else 0.")),
      received_timestamp(
          AddGauge(registry, "drover_weights_received_timestamp_seconds",
                   "When the newest version was verified, seconds since the epoch; 0: none yet.")),
      sync_seconds(AddHistogram(registry, "drover_weights_sync_seconds",
                                "Time from a version's first frame to its verified digest.", LongSeconds())),
      errors(registry, "drover_weights_stream_errors_total",
             "Ends of the weight stream other than our own, by kind.") {}

}  // namespace drover::metrics
