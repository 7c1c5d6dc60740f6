// Distribution functions that the intervals and tests of this folder ask (Boost.Math behind one source file).
#pragma once

#include <cstdint>

namespace drover::statistics {

// P(Z <= z) of the standard normal distribution.
double NormalCdf(double z);

// The z with NormalCdf(z) = p, 0 < p < 1.
double NormalQuantile(double p);

// P(T <= t) of Student's t distribution with `df` > 0 degrees of freedom (any real number); infinite t is 0 or 1.
double StudentTCdf(double t, double df);

// The t with StudentTCdf(t, df) = p, 0 < p < 1.
double StudentTQuantile(double p, double df);

// P(|T| >= |t|).
double StudentTTwoSided(double t, double df);

// P(T <= t) of the noncentral t distribution: of a t statistic whose numerator has mean `noncentrality`.
double NoncentralTCdf(double t, double df, double noncentrality);

// P(X = k) and P(X <= k) of X ~ Binomial(n, p), 0 <= p <= 1; below 0 and above n they are 0, and 0 or 1.
double BinomialPmf(int64_t k, int64_t n, double p);
double BinomialCdf(int64_t k, int64_t n, double p);

}  // namespace drover::statistics
