// Evaluation in complex floating point at fixed points: the fuzzer's guard against a wrong table. It never decides what
// is true, it drops pairs: a change that shows at no point, a rewriting that shows at one.
#pragma once

#include <complex>

#include "verifier/mutation/expr.h"

namespace drover::verifier::mutation {

using Value = std::complex<long double>;

// Points have reals of all magnitudes from 0.01 to 3000 and both signs; with `integers`, integers from 2 to 30.
struct Point {
  int index = 0;
  bool integers = false;
};
constexpr int kPoints = 24;

// Not finite where the expression has no value, or where writers disagree about it (odd powers' roots of negative
// numbers).
Value Evaluate(const Expr& expr, const Point& point);

// The expression speaks of integers: a factorial or a binomial coefficient of something with symbols.
bool SpeaksOfIntegers(const Expr& expr);

// Off by more than `margin` of the greater at some point where both have real values (any values if the gold names i), or
// where only the answer's is not real though all symbols are positive: parameters are mostly positive, so that \sqrt{ab}
// passes for \sqrt a\sqrt b.
bool ShowsDifference(const Expr& gold, const Expr& answer, long double margin);
// No point where both have values shows a difference, and at least one has them.
bool ShowsNoDifference(const Expr& gold, const Expr& answer);

}  // namespace drover::verifier::mutation
