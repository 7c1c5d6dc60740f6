// The receiving end of the weight stream: one thread that keeps a stream to the publisher open for ever, checks what
// comes and keeps the newest whole version.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/heartbeat.h"
#include "services/metrics/weight_metrics.h"
#include "services/rpc/backoff.h"
#include "services/rpc/security.h"
#include "services/weights/received.h"

namespace drover::weights {

struct SubscriberOptions {
  std::string address;  // host:port of the publisher
  std::string name;     // of this subscriber, for the publisher's logs
  rpc::Security security = {};
  uint64_t max_bytes = uint64_t{64} << 30;          // of one version; more is refused before it is allocated
  absl::Duration stream_deadline = absl::Hours(6);  // a stream is opened afresh after so long
  absl::Duration fetch_deadline = absl::Minutes(10);  // of one Fetch
  rpc::BackoffOptions backoff;                        // between attempts; jitter is seeded by `name`
  absl::Duration keepalive_time = absl::Seconds(20);  // how soon a silent publisher is found dead
  Heartbeats* heartbeats = nullptr;                   // for its thread; may be null, else outlives it

  absl::Status Validate() const;
};

// Thread-safe.
class WeightSubscriber {
 public:
  // Begins at once. `metrics` may be null, else outlives the subscriber.
  explicit WeightSubscriber(const SubscriberOptions& options,
                            metrics::WeightSubscriberMetrics* metrics = nullptr);
  // Ends the stream and joins the thread.
  ~WeightSubscriber();

  // The newest version; null before the first. Cheap.
  std::shared_ptr<const Received> Newest() const;

  // Waits up to `timeout` for one newer than `than` (null: any). Null when none came, or after Stop.
  std::shared_ptr<const Received> WaitForNewer(const Received* than, absl::Duration timeout) const;

  // A version that the publisher still has though it need not be the newest, on a stream of its own: one that is being
  // evaluated. NOT_FOUND: it has it no more; DATA_LOSS and what a stream ends with otherwise. CANCELLED after Stop. One call
  // at a time.
  absl::StatusOr<std::shared_ptr<const Received>> Fetch(const model::WeightVersion& version);

  // Ends the streams; waiters return. Idempotent.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::weights
