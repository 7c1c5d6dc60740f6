// The bootstrap: an interval of a mean or of a difference of means by drawing the values again, for values that are far from normal.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "statistics/interval.h"

namespace drover::statistics {

struct BootstrapOptions {
  uint64_t resamples = 10000;
  uint64_t seed = 0;
  double confidence = 0.95;
};

struct BootstrapIntervals {
  double estimate = 0;
  Interval percentile;  // of the resampled estimates
  Interval bca;  // bias-corrected and accelerated (Efron 1987): second-order right, also for skewed values
};

// Of the mean. For paired values (two systems on the same questions): of their differences. Without bounds for fewer than two values.
BootstrapIntervals BootstrapMean(absl::Span<const double> values, const BootstrapOptions& options = {});

// Of mean(first) - mean(second), two independent samples, each drawn again within itself. Without bounds where one has fewer than two.
BootstrapIntervals BootstrapDifference(absl::Span<const double> first, absl::Span<const double> second,
                                       const BootstrapOptions& options = {});

}  // namespace drover::statistics
