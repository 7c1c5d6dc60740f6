#include "services/grading/hedge_policy.h"

#include <algorithm>
#include <cmath>

namespace drover::grading {

absl::Status HedgeOptions::Validate() const {
  if (!(quantile > 0 && quantile <= 1) || !(multiplier >= 1)) {
    return absl::InvalidArgumentError("hedging: quantile may be over 0 to 1, multiplier at least 1");
  }
  if (floor < absl::ZeroDuration() || ceiling < floor || initial < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("hedging: 0 <= floor <= ceiling and 0 <= initial");
  }
  if (min_samples < 1 || window < min_samples) {
    return absl::InvalidArgumentError("hedging: 1 <= min_samples <= window");
  }
  return absl::OkStatus();
}

void HedgePolicy::Observe(absl::Duration latency) {
  if (newest_.size() < options_.window) {
    newest_.push_back(latency);
    return;
  }
  newest_[next_] = latency;
  next_ = (next_ + 1) % options_.window;
}

absl::Duration HedgePolicy::Delay() const {
  if (!options_.enabled) return absl::InfiniteDuration();
  if (newest_.size() < options_.min_samples) return options_.initial;
  std::vector<absl::Duration> sorted = newest_;
  // The smallest time that at least the quantile's share does not exceed.
  const double rank = std::ceil(options_.quantile * static_cast<double>(sorted.size()) - 1e-9);
  const size_t index = static_cast<size_t>(std::max(1.0, rank)) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index), sorted.end());
  return std::clamp(sorted[index] * options_.multiplier, options_.floor, options_.ceiling);
}

}  // namespace drover::grading
