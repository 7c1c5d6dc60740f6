// pass@k: the chance that at least one of k responses is right, estimated from n >= k of them.
#pragma once

#include <cstdint>

namespace drover::statistics {

// The unbiased estimator of Chen et al. 2021 (arXiv:2107.03374): the share of the subsets of k among n responses that hold one of the
// `correct` ones, 1 - C(n - correct, k) / C(n, k). Computed as a product of min(correct, k) factors, so that nothing overflows and small
// values keep their digits. correct <= n and 1 <= k <= n.
double PassAtK(uint64_t n, uint64_t correct, uint64_t k);

}  // namespace drover::statistics
