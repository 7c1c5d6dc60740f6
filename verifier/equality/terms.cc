#include "verifier/equality/terms.h"

#include <algorithm>
#include <numeric>

#include "verifier/equality/rational.h"

namespace drover::verifier {
namespace {

constexpr int32_t kMaxExponent = 1 << 20;
constexpr int32_t kMaxDenominator = 4096;

int CompareMonomials(const Monomial& a, const Monomial& b) {
  const size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) {
    if (a[i].generator != b[i].generator) return a[i].generator < b[i].generator ? -1 : 1;
    const int64_t left = int64_t{a[i].num} * b[i].den, right = int64_t{b[i].num} * a[i].den;
    if (left != right) return left > right ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() > b.size() ? -1 : 1;
}

// Multiplies monomials and normalises: i^2 = -1, whole powers of primes go to the coefficient.
bool MultiplyMonomials(const Monomial& a, const Monomial& b, Budget& budget, Monomial* out,
                       Rational* coefficient) {
  out->clear();
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    Factor factor;
    if (j == b.size() || (i < a.size() && a[i].generator < b[j].generator)) {
      factor = a[i++];
    } else if (i == a.size() || b[j].generator < a[i].generator) {
      factor = b[j++];
    } else {
      const int64_t num = int64_t{a[i].num} * b[j].den + int64_t{b[j].num} * a[i].den;
      const int64_t den = int64_t{a[i].den} * b[j].den;
      const int64_t g = std::gcd(num, den);
      if (std::abs(num / g) > kMaxExponent || den / g > kMaxDenominator) return false;
      factor = {a[i].generator, static_cast<int32_t>(num / g), static_cast<int32_t>(den / g)};
      ++i, ++j;
    }
    const Generator kind = GeneratorKind(factor.generator);
    if (kind == Generator::kI) {
      const int power = ((factor.num % 4) + 4) % 4;
      if (power >= 2) fmpq_neg(coefficient->get(), coefficient->get());
      factor.num = power % 2;
    } else if (kind == Generator::kPrime && (factor.num >= factor.den || factor.num < 0)) {
      const int32_t whole =
          factor.num >= 0 ? factor.num / factor.den : -((-factor.num + factor.den - 1) / factor.den);
      Rational power;
      fmpz_set_ui(power.num(), GeneratorPayload(factor.generator));
      if (!PowerWithin(power, whole, budget, &power)) return false;
      fmpq_mul(coefficient->get(), coefficient->get(), power.get());
      factor.num -= whole * factor.den;
    } else if (kind == Generator::kKernel && GeneratorPayload(factor.generator) == kUnityKernel) {
      const int32_t whole =
          factor.num >= 0 ? factor.num / factor.den : -((-factor.num + factor.den - 1) / factor.den);
      if (whole % 2 != 0) fmpq_neg(coefficient->get(), coefficient->get());
      factor.num -= whole * factor.den;
    } else if (kind == Generator::kSymbol && std::abs(factor.num) > budget.limits().degree) {
      return false;
    }
    if (factor.num != 0) out->push_back(factor);
  }
  return true;
}

// Sorts, merges equal monomials and drops zeros.
void Collect(Terms* terms) {
  std::sort(terms->begin(), terms->end(),
            [](const Term& a, const Term& b) { return CompareMonomials(a.monomial, b.monomial) < 0; });
  size_t out = 0;
  for (size_t i = 0; i < terms->size(); ++i) {
    if (out > 0 && (*terms)[out - 1].monomial == (*terms)[i].monomial) {
      Rational& sum = (*terms)[out - 1].coefficient;
      fmpq_add(sum.get(), sum.get(), (*terms)[i].coefficient.get());
      if (sum.is_zero()) --out;
    } else {
      if (out != i) (*terms)[out] = std::move((*terms)[i]);
      if (!(*terms)[out].coefficient.is_zero()) ++out;
    }
  }
  terms->resize(out);
}

}  // namespace

Terms ConstantTerms(const Rational& value) {
  Terms out;
  if (!value.is_zero()) out.push_back({{}, value});
  return out;
}

Terms GeneratorTerms(uint64_t generator, int32_t num, int32_t den) {
  Terms out(1);
  out[0].monomial.push_back({generator, num, den});
  out[0].coefficient = Rational(1);
  return out;
}

bool AddTerms(const Terms& a, const Terms& b, Budget& budget, Terms* out) {
  if (!budget.Spend(static_cast<int64_t>(a.size() + b.size()) / 4 + 1)) return false;
  Terms sum;
  sum.reserve(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const int order = i == a.size() ? 1 : j == b.size() ? -1 : CompareMonomials(a[i].monomial, b[j].monomial);
    if (order < 0) {
      sum.push_back(a[i++]);
    } else if (order > 0) {
      sum.push_back(b[j++]);
    } else {
      Term term = a[i++];
      fmpq_add(term.coefficient.get(), term.coefficient.get(), b[j++].coefficient.get());
      if (term.coefficient.bits() > budget.limits().bits) return budget.Exceed();
      if (!term.coefficient.is_zero()) sum.push_back(std::move(term));
    }
  }
  *out = std::move(sum);
  return static_cast<int64_t>(out->size()) <= budget.limits().terms;
}

bool MultiplyTerms(const Terms& a, const Terms& b, Budget& budget, Terms* out) {
  const int64_t pairs = static_cast<int64_t>(a.size()) * static_cast<int64_t>(b.size());
  if (pairs > 20 * budget.limits().terms) return false;
  if (!budget.Spend(1 + pairs)) return false;
  Terms product;
  product.reserve(static_cast<size_t>(pairs));
  for (const Term& x : a) {
    for (const Term& y : b) {
      Term term;
      fmpq_mul(term.coefficient.get(), x.coefficient.get(), y.coefficient.get());
      const int64_t bits = term.coefficient.bits();
      if (bits > budget.limits().bits || !budget.Spend(bits / 1024)) return false;
      if (!MultiplyMonomials(x.monomial, y.monomial, budget, &term.monomial, &term.coefficient)) return false;
      product.push_back(std::move(term));
    }
  }
  if (pairs > 1) Collect(&product);
  *out = std::move(product);
  return static_cast<int64_t>(out->size()) <= budget.limits().terms;
}

bool PowerTerms(const Terms& base, int64_t exponent, Budget& budget, Terms* out) {
  if (exponent < 0) return false;
  if (base.size() == 1 && base[0].monomial.empty()) {
    Rational value;
    if (!PowerWithin(base[0].coefficient, exponent, budget, &value)) return false;
    return *out = ConstantTerms(value), true;
  }
  if (exponent > budget.limits().degree) return false;
  Terms result = ConstantTerms(Rational(1)), square = base;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && !MultiplyTerms(result, square, budget, &result)) return false;
    exponent >>= 1;
    if (exponent > 0 && !MultiplyTerms(square, square, budget, &square)) return false;
  }
  *out = std::move(result);
  return true;
}

void NegateTerms(Terms* terms) {
  for (Term& term : *terms) fmpq_neg(term.coefficient.get(), term.coefficient.get());
}

bool EqualTerms(const Terms& a, const Terms& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i].coefficient == b[i].coefficient) || !(a[i].monomial == b[i].monomial)) return false;
  }
  return true;
}

bool AsRational(const Terms& terms, Rational* out) {
  if (terms.empty()) return *out = Rational(0), true;
  if (terms.size() != 1 || !terms[0].monomial.empty()) return false;
  *out = terms[0].coefficient;
  return true;
}

bool FactorInteger(const fmpz* n, std::vector<std::pair<uint64_t, int>>* out) {
  if (fmpz_abs_fits_ui(n) && fmpz_bits(n) <= 40) {
    n_factor_t factors;
    n_factor_init(&factors);
    n_factor(&factors, fmpz_get_ui(n), /*proved=*/1);
    for (int i = 0; i < factors.num; ++i) out->emplace_back(factors.p[i], static_cast<int>(factors.exp[i]));
    std::sort(out->begin(), out->end());
    return true;
  }
  // Trial division only: a large cofactor would cost more than the other methods do.
  Rational rest;
  fmpz_set(rest.num(), n);
  for (uint64_t p = 2; p < 1000; p = n_nextprime(p, /*proved=*/1)) {
    int power = 0;
    while (fmpz_divisible_si(rest.num(), static_cast<slong>(p))) {
      fmpz_divexact_ui(rest.num(), rest.num(), p);
      if (++power > 20'000) return false;
    }
    if (power > 0) out->emplace_back(p, power);
    if (fmpz_is_one(rest.num())) return true;
  }
  if (fmpz_bits(rest.num()) > 40) return false;
  std::vector<std::pair<uint64_t, int>> large;
  FactorInteger(rest.num(), &large);
  out->insert(out->end(), large.begin(), large.end());
  return true;
}

bool RootTerm(const Term& base, int32_t p, int32_t q, Budget& budget, Terms* out) {
  if (q > kMaxDenominator || std::abs(p) > kMaxExponent) return false;
  if (base.coefficient.sign() <= 0 || base.coefficient.bits() > 4096 || !budget.Spend(20)) return false;
  Monomial monomial;
  for (const Factor& factor : base.monomial) {
    const Generator kind = GeneratorKind(factor.generator);
    if (kind != Generator::kPrime && kind != Generator::kPi && kind != Generator::kE) return false;
    const int64_t num = int64_t{factor.num} * p, den = int64_t{factor.den} * q, g = std::gcd(num, den);
    if (std::abs(num / g) > kMaxExponent || den / g > kMaxDenominator) return false;
    monomial.push_back({factor.generator, static_cast<int32_t>(num / g), static_cast<int32_t>(den / g)});
  }
  Terms result(1);
  result[0].monomial = monomial;
  result[0].coefficient = Rational(1);
  if (!MultiplyTerms(result, ConstantTerms(Rational(1)), budget, &result)) return false;
  for (const bool bottom : {false, true}) {
    std::vector<std::pair<uint64_t, int>> primes;
    if (!FactorInteger(bottom ? base.coefficient.den() : base.coefficient.num(), &primes)) return false;
    for (const auto& [prime, power] : primes) {
      const int64_t num = int64_t{power} * p * (bottom ? -1 : 1), g = std::gcd(num, int64_t{q});
      if (std::abs(num / g) > kMaxExponent) return false;
      const Terms root = GeneratorTerms(GeneratorKey(Generator::kPrime, prime), static_cast<int32_t>(num / g),
                                        static_cast<int32_t>(q / g));
      if (!MultiplyTerms(result, root, budget, &result)) return false;
    }
  }
  *out = std::move(result);
  return true;
}

}  // namespace drover::verifier
