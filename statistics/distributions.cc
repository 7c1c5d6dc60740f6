#include "statistics/distributions.h"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace drover::statistics {
namespace {

namespace bm = boost::math;
// No exception leaves this file: outside of a function's domain the answer is not a number.
using Policy = bm::policies::policy<bm::policies::domain_error<bm::policies::ignore_error>,
                                    bm::policies::pole_error<bm::policies::ignore_error>,
                                    bm::policies::overflow_error<bm::policies::ignore_error>,
                                    bm::policies::evaluation_error<bm::policies::ignore_error>>;
using Normal = bm::normal_distribution<double, Policy>;
using StudentT = bm::students_t_distribution<double, Policy>;
using NoncentralT = bm::non_central_t_distribution<double, Policy>;
using Binomial = bm::binomial_distribution<double, Policy>;

}  // namespace

double NormalCdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

double NormalQuantile(double p) { return bm::quantile(Normal(), p); }

double StudentTCdf(double t, double df) {
  if (std::isinf(t)) return t > 0 ? 1 : 0;
  return bm::cdf(StudentT(df), t);
}

double StudentTQuantile(double p, double df) { return bm::quantile(StudentT(df), p); }

double StudentTTwoSided(double t, double df) { return 2 * StudentTCdf(-std::abs(t), df); }

double NoncentralTCdf(double t, double df, double noncentrality) {
  if (std::isinf(t)) return t > 0 ? 1 : 0;
  return bm::cdf(NoncentralT(df, noncentrality), t);
}

double BinomialPmf(int64_t k, int64_t n, double p) {
  if (k < 0 || k > n) return 0;
  return bm::pdf(Binomial(static_cast<double>(n), p), static_cast<double>(k));
}

double BinomialCdf(int64_t k, int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return bm::cdf(Binomial(static_cast<double>(n), p), static_cast<double>(k));
}

}  // namespace drover::statistics
