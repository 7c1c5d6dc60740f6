// Grades batches of responses over VerifierService.
//
// An error is an error: it is never turned into a reward. A batch is graded whole or the status says why not. Why it is
// not left to gRPC: docs/decisions/0005-hedged-grading.md.
//
//   call --> pick a replica --> attempt --(slow)--> hedge: the same call at another replica; the first answer wins
//              ^                   | failed
//              +-- retry budget <--+
//
// | what happens to a replica      | what the client does                                                          |
// | ------------------------------ | ----------------------------------------------------------------------------- |
// | it refuses, fails or is gone   | tries the next one, within the retry budget, and passes it over for a while   |
// | it hangs or is slow            | hedges after a delay derived from the newest answers' times, within the same  |
// |                                | budget, and passes it over for a while; the slower attempt is cancelled       |
// | most attempts fail             | the budget is spent: one call at a time goes on trying, at growing intervals, |
// |                                | the others wait for it or their deadline; no load is added beyond that        |
// | it answers something else      | INTERNAL at once                                                              |
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/verifier.pb.h"
#include "services/grading/hedge_policy.h"
#include "services/grading/replica_picker.h"
#include "services/metrics/grading_metrics.h"
#include "services/rpc/backoff.h"
#include "services/rpc/retry_budget.h"
#include "services/rpc/security.h"

namespace drover::grading {

struct GradingClientOptions {
  // host:port each. A name with several addresses is balanced round-robin by gRPC (which also finds new ones, when a
  // server ends a connection for its age); several entries by this client.
  std::vector<std::string> addresses;
  rpc::Security security = {};
  absl::Duration call_timeout = absl::Seconds(30);  // of one attempt
  size_t batch = 256;                               // requests in one call; larger batches are split
  size_t batch_bytes = 4 << 20;  // of responses in one call (a single larger one goes alone)
  rpc::BackoffOptions backoff;   // between attempts when no replica is left that has not just failed
  rpc::RetryBudgetOptions budget;
  HedgeOptions hedge;
  ReplicaPickerOptions replicas;
  uint64_t seed = 0;  // of the jitter

  absl::Status Validate() const;
};

// Thread-safe.
class GradingClient {
 public:
  // `metrics` may be null, else outlives the client.
  explicit GradingClient(const GradingClientOptions& options,
                         metrics::GradingClientMetrics* metrics = nullptr);
  // Stop, and waits until the attempts in flight have been cancelled.
  ~GradingClient();

  // Results in the order of `requests` (ids are the caller's and are returned unchanged). Transient errors are tried
  // again, as the table above says, until `deadline`; then the last error. An answer that does not match the requests is
  // INTERNAL; a wrong request INVALID_ARGUMENT at once. CANCELLED after Stop.
  absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                     absl::Time deadline);

  // Calls in flight and later ones end with CANCELLED. Idempotent.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::grading
