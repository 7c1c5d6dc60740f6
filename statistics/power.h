// Power: the chance that a test, with so many values, says that there is a difference when there is one of a given size. What a null
// result is worth.
#pragma once

#include <cstdint>
#include <functional>

#include "base/random.h"

namespace drover::statistics {

// Of the two-sided paired (one-sample) t-test of `n` normal differences with mean `effect` and standard deviation `sd` > 0; 0 for n < 2.
double PairedTPower(double effect, double sd, uint64_t n, double alpha = 0.05);

// Of Welch's two-sided test of two normal samples whose means differ by `effect`. The degrees of freedom are those of the true variances.
double WelchPower(double effect, double sd_first, uint64_t n_first, double sd_second, uint64_t n_second,
                  double alpha = 0.05);

// Of the exact sign test of `n` differences of which each is positive with chance `share`.
double SignTestPower(double share, uint64_t n, double alpha = 0.05);

// Of McNemar's exact test of `n` questions, of which one has the first alone right with chance `only_first`, the second with `only_second`.
double McNemarPower(double only_first, double only_second, uint64_t n, double alpha = 0.05);

// Of any test, by trying it: the share of `tries` samples whose p is at most alpha. `p_value` draws a sample and tests it.
double SimulatedPower(const std::function<double(RandomStream&)>& p_value, uint64_t tries, uint64_t seed,
                      double alpha = 0.05);

// A standard normal number of a stream, for `p_value` (by the quantile of a uniform one).
double DrawNormal(RandomStream& random);

// The smallest effect > 0 that `power_of` (which grows with it) finds with this power; infinite where no effect does.
double SmallestDetectableEffect(const std::function<double(double effect)>& power_of, double power = 0.8);

}  // namespace drover::statistics
