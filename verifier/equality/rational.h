// Exact evaluation of trees whose value is a rational number.
#pragma once

#include <optional>

#include "verifier/budget.h"
#include "verifier/cas.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// The value, by exact arithmetic alone: sums, products, integer powers, roots of perfect powers, factorials, binomials,
// gcd and lcm, floor and ceiling, percentages. nullopt: not rational as far as this can see, undefined (a zero
// denominator), or over budget; budget.over() tells the last apart.
std::optional<Rational> RationalValue(const Tree& tree, NodeId id, Budget& budget);

// base^exponent within the budget's bit limit, checked before the power is computed. False: over budget, or 0^negative.
bool PowerWithin(const Rational& base, int64_t exponent, Budget& budget, Rational* out);

// The exact n-th root, if it is rational; odd roots of negative numbers are negative.
std::optional<Rational> ExactRoot(const Rational& value, int64_t n);

}  // namespace drover::verifier
