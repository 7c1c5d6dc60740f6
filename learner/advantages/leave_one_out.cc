#include "learner/advantages/leave_one_out.h"

#include <algorithm>
#include <numeric>

namespace drover::learner {

ReturnBaseline LeaveOneOut(absl::Span<const double> returns, bool normalize_std) {
  ReturnBaseline baseline = GroupMean(returns, normalize_std);
  // Returns that are all equal are their own baseline.
  if (std::equal(returns.begin(), returns.end(), baseline.values.begin())) return baseline;
  const double sum = std::accumulate(returns.begin(), returns.end(), 0.0);
  const double siblings = static_cast<double>(returns.size()) - 1.0;
  for (size_t i = 0; i < returns.size(); ++i) baseline.values[i] = (sum - returns[i]) / siblings;
  return baseline;
}

}  // namespace drover::learner
