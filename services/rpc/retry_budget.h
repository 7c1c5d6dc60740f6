// How much load a client's retries and hedges may add. Pure: no clock, no lock.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace drover::rpc {

struct RetryBudgetOptions {
  double max_tokens = 100;   // the bucket, full at first; extra attempts go while it is over half full
  double token_ratio = 0.1;  // tokens that a success gives back, to the thousandth

  absl::Status Validate() const;
};

// The token bucket of gRPC's retryThrottling, shared by retries and hedges: a failed attempt takes one token, a hedge
// takes one when it is sent, a success gives token_ratio back, and extra attempts are allowed while the bucket is over
// half full. So with a ratio of 0.1 retries go on for ever while fewer than one attempt in eleven fails, and end after at
// most max_tokens / 2 failures when all do. Not thread-safe.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryBudgetOptions& options);

  void OnSuccess();
  void OnFailure();
  // Whether an attempt beyond the first ones may be made.
  bool MayAdd() const { return tokens_ > max_ / 2; }
  // Pays for a hedge; false (and nothing is taken) when it may not be sent.
  bool TakeHedge();

  double tokens() const { return static_cast<double>(tokens_) / kThousand; }

 private:
  static constexpr int64_t kThousand = 1000;
  int64_t max_, ratio_, tokens_;  // thousandths of a token
};

}  // namespace drover::rpc
