// The paired permutation test: would the mean difference be as large if each pair's two values had been exchanged by a coin?
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace drover::statistics {

struct PermutationOptions {
  uint64_t draws = 100000;  // of the Monte-Carlo test
  uint64_t seed = 0;        // of its signs
};

struct PermutationResult {
  enum class Method {
    kLattice,  // exact: all differences are multiples of one number, and the sum's distribution is convolved
    kEnumeration,  // exact: all 2^n signs
    kMonteCarlo    // (1 + as extreme) / (1 + draws)
  };
  double p = 1;  // two-sided, of |sum of differences|; 1 where all differences are 0
  Method method = Method::kLattice;
  bool exact() const { return method != Method::kMonteCarlo; }
};

// Differences of accuracies (multiples of 1/n) are exact for thousands of questions; others are enumerated up to 20 differences that are
// not 0, and drawn beyond. Sums that differ by less than 1e-9 of the differences' total count as equal.
PermutationResult PairedPermutationTest(absl::Span<const double> differences,
                                        const PermutationOptions& options = {});

}  // namespace drover::statistics
