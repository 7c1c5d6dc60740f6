#include "learner/advantages/group_mean.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "learner/advantages/options.h"

namespace drover::learner {
ReturnBaseline GroupMean(absl::Span<const double> returns, bool normalize_std) {
  // The mean's rounding must not make signal out of none.
  const bool equal = std::all_of(returns.begin(), returns.end(), [&](double r) { return r == returns[0]; });
  if (equal) return {{returns.begin(), returns.end()}};
  const double count = static_cast<double>(returns.size());
  const double mean = std::accumulate(returns.begin(), returns.end(), 0.0) / count;
  ReturnBaseline baseline{std::vector<double>(returns.size(), mean)};
  if (!normalize_std) return baseline;
  double squares = 0.0;
  for (const double r : returns) squares += (r - mean) * (r - mean);
  baseline.divisor = std::sqrt(squares / (count - 1.0)) + kStdEpsilon;
  return baseline;
}

std::vector<double> GroupAdvantages(absl::Span<const double> rewards, bool normalize_std) {
  const ReturnBaseline baseline = GroupMean(rewards, normalize_std);
  std::vector<double> advantages;
  for (size_t i = 0; i < rewards.size(); ++i) {
    advantages.push_back((rewards[i] - baseline.values[i]) / baseline.divisor);
  }
  return advantages;
}

}  // namespace drover::learner
