#include "statistics/pass_at_k.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace drover::statistics {

double PassAtK(uint64_t n, uint64_t correct, uint64_t k) {
  DROVER_CHECK(correct <= n && 1 <= k && k <= n);
  if (n - correct < k) return 1;
  // C(n - c, k) / C(n, k) is the product of 1 - k / (n - i) over i < c, and is symmetric in c and k.
  const uint64_t factors = std::min(correct, k);
  const double other = static_cast<double>(std::max(correct, k));
  double log_none = 0;
  for (uint64_t i = 0; i < factors; ++i) log_none += std::log1p(-other / static_cast<double>(n - i));
  return -std::expm1(log_none);
}

}  // namespace drover::statistics
