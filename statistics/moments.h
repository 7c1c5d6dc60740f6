// Mean, median and spread of independent numbers, and the mean's interval.
#pragma once

#include <vector>

#include "absl/types/span.h"
#include "statistics/interval.h"

namespace drover::statistics {

// Not a number for no values.
double Mean(absl::Span<const double> values);

// The middle value, or the mean of the two in the middle; not a number for no values. None may be NaN.
double Median(std::vector<double> values);

// With n - 1 in the denominator, in two passes; not a number for fewer than two values.
double SampleVariance(absl::Span<const double> values);
double StandardDeviation(absl::Span<const double> values);

// sample standard deviation / sqrt(n).
double StandardError(absl::Span<const double> values);

// Student's interval of the mean, mean ± t(n - 1) · standard error; without bounds for fewer than two values, which say nothing about
// their spread.
Interval MeanInterval(absl::Span<const double> values, double confidence = 0.95);

}  // namespace drover::statistics
