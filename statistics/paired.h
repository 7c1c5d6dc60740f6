// Exact tests of two systems on the same questions.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "statistics/interval.h"

namespace drover::statistics {

// The exact sign test: the two-sided chance of a split at least as uneven as `wins` against `losses` when either is equally likely;
// 1 when there is neither. Ties are left out before.
double SignTest(uint64_t wins, uint64_t losses);

// McNemar's exact test of two answers to each question: `only_first` is how many the first alone had right, `only_second` the
// second. Questions that both or neither had right say nothing about the difference: it is the sign test of the others.
double McNemarTest(uint64_t only_first, uint64_t only_second);

// The paired t-test: of differences, one a question (or seed).
struct PairedT {
  double difference = 0;  // mean
  double t = 0;           // infinite where the differences are all equal and not 0, and 0 where all are 0
  double p = 1;           // two-sided; 1 for fewer than two differences
  Interval interval;      // of the mean
};
PairedT PairedTTest(absl::Span<const double> differences, double confidence = 0.95);

}  // namespace drover::statistics
