// Arithmetic of sums of monomials, which normal forms are quotients of. All functions return false when a limit of the budget is reached.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "verifier/budget.h"
#include "verifier/cas.h"

namespace drover::verifier {

// A generator to a rational power; sorted by `generator` within a monomial, never to the power 0.
struct Factor {
  uint64_t generator;
  int32_t num;
  int32_t den;
  friend bool operator==(const Factor& a, const Factor& b) {
    return a.generator == b.generator && a.num == b.num && a.den == b.den;
  }
};
using Monomial = absl::InlinedVector<Factor, 2>;

struct Term {
  Monomial monomial;
  Rational coefficient;
};
using Terms = std::vector<Term>;  // sorted by monomial, no zero coefficients; empty: zero

enum class Generator : uint64_t {
  kI = 0,
  kPrime = 1,
  kPi = 2,
  kE = 3,
  kLog = 4,
  kSymbol = 5,
  kKernel = 6,     // of kernels.h, by its index
  kConjugate = 7,  // of a symbol that is complex
};
constexpr int kGeneratorShift = 56;
constexpr uint64_t kUnityKernel = 0;  // e^(i pi): exponents count modulo 2

constexpr uint64_t GeneratorKey(Generator kind, uint64_t payload = 0) {
  return static_cast<uint64_t>(kind) << kGeneratorShift | payload;
}
constexpr Generator GeneratorKind(uint64_t key) { return static_cast<Generator>(key >> kGeneratorShift); }
constexpr uint64_t GeneratorPayload(uint64_t key) { return key & ((uint64_t{1} << kGeneratorShift) - 1); }

Terms ConstantTerms(const Rational& value);
Terms GeneratorTerms(uint64_t generator, int32_t num = 1, int32_t den = 1);

inline const Terms& One() {
  static const Terms& one = *new Terms(ConstantTerms(Rational(1)));
  return one;
}

bool AddTerms(const Terms& a, const Terms& b, Budget& budget, Terms* out);
bool MultiplyTerms(const Terms& a, const Terms& b, Budget& budget, Terms* out);
bool PowerTerms(const Terms& base, int64_t exponent, Budget& budget, Terms* out);
void NegateTerms(Terms* terms);
bool EqualTerms(const Terms& a, const Terms& b);

// The rational value if the sum has no generators.
bool AsRational(const Terms& terms, Rational* out);

// The one-term sum (num/den times a monomial of roots, pi and e) to the power p/q; the base must be positive apart from
// the power, or p/q an integer. False if it is not representable.
bool RootTerm(const Term& base, int32_t p, int32_t q, Budget& budget, Terms* out);

// Prime factors of n > 0, smallest first; false if n is too large to factor cheaply.
bool FactorInteger(const fmpz* n, std::vector<std::pair<uint64_t, int>>* out);

}  // namespace drover::verifier
