// Tests of two independent samples.
#pragma once

#include "absl/types/span.h"
#include "statistics/interval.h"

namespace drover::statistics {

// Welch's t-test of two means without assuming equal variances.
struct Welch {
  double difference = 0;  // mean(first) - mean(second)
  double t = 0;           // infinite where neither sample varies and the means differ, 0 where they do not
  double df = 0;          // Welch and Satterthwaite's; 0 where it cannot be had
  double p = 1;           // two-sided; 1 where a sample has fewer than two values
  Interval interval;      // of the difference
};
Welch WelchTest(absl::Span<const double> first, absl::Span<const double> second, double confidence = 0.95);

// Mann and Whitney's test that neither sample tends to be larger.
struct MannWhitney {
  double u = 0;            // pairs in which first is larger, ties as half
  double superiority = 0;  // u / all pairs: P(first > second) + P(equal) / 2; 0.5 for an empty sample
  double p = 1;            // two-sided
  bool exact =
      true;  // by the permutation distribution of the ranks, ties and all, up to 60 values; else normal with corrections
};
MannWhitney MannWhitneyTest(absl::Span<const double> first, absl::Span<const double> second);

}  // namespace drover::statistics
