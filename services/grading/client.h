// Grades batches of responses over VerifierService.
//
// An error is an error: it is never turned into a reward. A batch is graded whole or the status says why not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/verifier.pb.h"
#include "services/metrics/grading_metrics.h"
#include "services/rpc/backoff.h"

namespace drover::grading {

struct GradingClientOptions {
  // host:port each. A name with several addresses is balanced round-robin by gRPC; several entries by this client, which
  // goes on to the next one when one fails.
  std::vector<std::string> addresses;
  absl::Duration call_timeout = absl::Seconds(30);  // of one attempt
  size_t batch = 256;                               // requests in one call; larger batches are split
  size_t batch_bytes = 4 << 20;  // of responses in one call (a single larger one goes alone)
  rpc::BackoffOptions backoff;   // between attempts
  uint64_t seed = 0;             // of the jitter

  absl::Status Validate() const;
};

// Thread-safe.
class GradingClient {
 public:
  // `metrics` may be null, else outlives the client.
  explicit GradingClient(const GradingClientOptions& options,
                         metrics::GradingClientMetrics* metrics = nullptr);
  ~GradingClient();

  // Results in the order of `requests` (ids are the caller's and are returned unchanged). Transient errors are tried
  // again, on the next address, with backoff, until `deadline`; then the last error. An answer that does not match the
  // requests is INTERNAL; a wrong request INVALID_ARGUMENT at once. CANCELLED after Stop.
  absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                     absl::Time deadline);

  // Calls in flight and later ones end with CANCELLED. Idempotent.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::grading
