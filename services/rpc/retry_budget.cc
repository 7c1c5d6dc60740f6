#include "services/rpc/retry_budget.h"

#include <algorithm>
#include <cmath>

namespace drover::rpc {

absl::Status RetryBudgetOptions::Validate() const {
  if (!(max_tokens >= 1 && max_tokens <= 1e9)) {
    return absl::InvalidArgumentError("retry budget: max_tokens may be 1 to 1e9");
  }
  if (!(token_ratio >= 0 && token_ratio <= 1)) {
    return absl::InvalidArgumentError("retry budget: token_ratio may be 0 to 1");
  }
  return absl::OkStatus();
}

RetryBudget::RetryBudget(const RetryBudgetOptions& options)
    : max_(std::llround(options.max_tokens * kThousand)),
      ratio_(std::llround(options.token_ratio * kThousand)),
      tokens_(max_) {}

void RetryBudget::OnSuccess() { tokens_ = std::min(max_, tokens_ + ratio_); }

void RetryBudget::OnFailure() { tokens_ = std::max<int64_t>(0, tokens_ - kThousand); }

bool RetryBudget::TakeHedge() {
  if (!MayAdd()) return false;
  OnFailure();
  return true;
}

}  // namespace drover::rpc
