// Signs of real functions: proved, or decided by the path.
#include <algorithm>

#include "verifier/equality/kernels.h"

namespace drover::verifier {
namespace {

constexpr int64_t kMaxKinkDegree = 60;

class IntegerPolynomial {
 public:
  IntegerPolynomial() { fmpz_poly_init(value_); }
  ~IntegerPolynomial() { fmpz_poly_clear(value_); }
  IntegerPolynomial(const IntegerPolynomial&) = delete;
  IntegerPolynomial& operator=(const IntegerPolynomial&) = delete;
  fmpz_poly_struct* get() { return value_; }

 private:
  fmpz_poly_t value_;
};

// The only symbol, when the sum is a polynomial with integer coefficients in it; else 0 (a generator that is never alone).
uint64_t OnlySymbol(const Terms& terms) {
  uint64_t symbol = 0;
  for (const Term& term : terms) {
    if (!term.coefficient.is_integer()) return 0;
    for (const auto& factor : term.monomial) {
      if (GeneratorKind(factor.generator) != Generator::kSymbol || factor.den != 1 || factor.num < 0)
        return 0;
      if (symbol != 0 && symbol != factor.generator) return 0;
      symbol = factor.generator;
    }
  }
  return symbol;
}

void ToPolynomial(const Terms& terms, fmpz_poly_struct* out) {
  for (const Term& term : terms) {
    const slong degree = term.monomial.empty() ? 0 : term.monomial[0].num;
    fmpz_poly_set_coeff_fmpz(out, degree, term.coefficient.num());
  }
}

// A real root of odd multiplicity. FLINT counts roots of squarefree polynomials alone.
bool ChangesSign(const fmpz_poly_struct* polynomial) {
  fmpz_poly_factor_t factors;
  fmpz_poly_factor_init(factors);
  fmpz_poly_factor_squarefree(factors, polynomial);
  bool changes = false;
  for (slong i = 0; i < factors->num && !changes; ++i) {
    changes = factors->exp[i] % 2 == 1 && fmpz_poly_num_real_roots(factors->p + i) != 0;
  }
  fmpz_poly_factor_clear(factors);
  return changes;
}

}  // namespace

std::optional<int> Kernels::ConstantSign(const Terms& terms) const {
  for (int64_t bits = 128; bits <= budget_.limits().ball_bits; bits *= 2) {
    Ball value;
    if (!Evaluate(terms, bits, &value)) return std::nullopt;
    if (arb_is_positive(value.real()) != 0) return 1;
    if (arb_is_negative(value.real()) != 0) return -1;
  }
  if (IsZero(terms)) return 0;
  return std::nullopt;
}

// The sign of a generator where no decision is needed for it.
std::optional<int> Kernels::KnownGeneratorSign(uint64_t generator) const {
  switch (GeneratorKind(generator)) {
    case Generator::kPrime:
    case Generator::kPi:
    case Generator::kE:
    case Generator::kLog:
      return 1;
    case Generator::kKernel: {
      const Kernel& kernel = table_[GeneratorPayload(generator)];
      if (!kernel.real) return std::nullopt;
      if (kernel.kind == Kernel::Kind::kExponential || kernel.kind == Kernel::Kind::kPower) return 1;
      if (kernel.constant) return ConstantSign(GeneratorTerms(generator));
      break;
    }
    case Generator::kSymbol:
      if (IsInteger(static_cast<uint32_t>(GeneratorPayload(generator)))) return 1;
      break;
    default:
      return std::nullopt;
  }
  const Terms alone = GeneratorTerms(generator);
  for (const Kink& kink : path_) {
    if (EqualTerms(kink.function, alone)) return kink.sign;
  }
  return std::nullopt;
}

std::optional<int> Kernels::TermSign(const Term& term) const {
  int sign = term.coefficient.sign();
  const auto has = [&term](uint64_t generator, int32_t num) {
    return std::any_of(term.monomial.begin(), term.monomial.end(), [&](const auto& factor) {
      return factor.generator == generator && factor.num == num && factor.den == 1;
    });
  };
  for (const auto& factor : term.monomial) {
    const uint64_t payload = GeneratorPayload(factor.generator);
    const Generator kind = GeneratorKind(factor.generator);
    if (kind == Generator::kConjugate && has(GeneratorKey(Generator::kSymbol, payload), factor.num)) continue;
    if (kind == Generator::kSymbol && has(GeneratorKey(Generator::kConjugate, payload), factor.num)) continue;
    if (factor.den == 1 && factor.num % 2 == 0 && IsRealGenerator(factor.generator)) continue;
    const auto known = KnownGeneratorSign(factor.generator);
    if (!known) return std::nullopt;
    sign *= *known;
  }
  return sign;
}

std::optional<int> Kernels::AlikeSign(const Terms& terms) const {
  std::optional<int> all;
  for (const Term& term : terms) {
    const auto sign = TermSign(term);
    if (!sign || (all && *all != *sign)) return std::nullopt;
    all = sign;
  }
  return all;
}

// a x^2 + b x + c with a discriminant that is never positive has the sign of a.
std::optional<int> Kernels::QuadraticSign(const Terms& terms, uint64_t symbol, int depth) const {
  Terms part[3];
  for (const Term& term : terms) {
    size_t power = 0;
    Term rest{{}, term.coefficient};
    for (const auto& factor : term.monomial) {
      if (factor.generator != symbol) {
        rest.monomial.push_back(factor);
      } else if (factor.den == 1 && factor.num >= 0 && factor.num <= 2) {
        power = static_cast<size_t>(factor.num);
      } else {
        return std::nullopt;
      }
    }
    part[power].push_back(std::move(rest));
  }
  if (part[2].empty()) return std::nullopt;
  const auto lead = DefiniteSign(part[2], depth + 1);
  if (!lead || *lead == 0) return std::nullopt;
  Terms square, product;
  if (!MultiplyTerms(part[1], part[1], budget_, &square) ||
      !MultiplyTerms(part[2], part[0], budget_, &product) ||
      !MultiplyTerms(product, ConstantTerms(Rational(-4)), budget_, &product) ||
      !AddTerms(square, product, budget_, &square))
    return std::nullopt;
  if (!square.empty()) {
    const auto discriminant = DefiniteSign(square, depth + 1);
    if (!discriminant || *discriminant > 0) return std::nullopt;
  }
  return lead;
}

// The sign of a function that has the same one everywhere (but for its zeros).
std::optional<int> Kernels::DefiniteSign(const Terms& terms, int depth) const {
  constexpr int kMaxDepth = 3;
  if (const auto sign = AlikeSign(terms)) return sign;
  if (depth > kMaxDepth || terms.size() > 24 || !budget_.Spend(10)) return std::nullopt;
  if (IsConstant(terms)) return ConstantSign(terms);
  const uint64_t only = OnlySymbol(terms);
  if (only != 0) {
    IntegerPolynomial polynomial;
    ToPolynomial(terms, polynomial.get());
    if (fmpz_poly_degree(polynomial.get()) > kMaxKinkDegree || !budget_.Spend(100)) return std::nullopt;
    if (ChangesSign(polynomial.get())) return std::nullopt;
    return fmpz_sgn(fmpz_poly_lead(polynomial.get()));
  }
  std::vector<uint64_t> tried;
  for (const Term& term : terms) {
    for (const auto& factor : term.monomial) {
      if (GeneratorKind(factor.generator) != Generator::kSymbol || factor.num != 2) continue;
      if (std::find(tried.begin(), tried.end(), factor.generator) != tried.end()) continue;
      tried.push_back(factor.generator);
      if (const auto sign = QuadraticSign(terms, factor.generator, depth)) return sign;
    }
  }
  return std::nullopt;
}

std::optional<int> Kernels::Ask(const Terms& terms) {
  for (const Kink& kink : path_) {
    if (EqualTerms(kink.function, terms)) return kink.sign;
  }
  if (path_.size() >= kMaxKinks) return too_many_kinks_ = true, std::nullopt;
  path_.push_back({terms, 1});
  return 1;
}

// Of a function that is no product.
std::optional<int> Kernels::FactorSign(const Terms& terms) {
  if (const auto sign = DefiniteSign(terms, 0)) return sign;
  if (!IsReal(terms)) return std::nullopt;
  return Ask(terms);
}

std::optional<int> Kernels::Sign(const Terms& terms) {
  if (terms.empty()) return 0;
  if (IsConstant(terms)) return IsReal(terms) ? ConstantSign(terms) : std::nullopt;
  if (const auto sign = DefiniteSign(terms, 0)) return sign;
  if (!IsReal(terms)) return std::nullopt;
  Factored factored;
  if (!Factor(terms, &factored)) return std::nullopt;
  // A factor may be real only together with another: then the whole is one kink.
  bool real = true;
  for (const auto& unit : factored.units) real = real && IsRealGenerator(unit.generator);
  for (const auto& [factor, power] : factored.factors) real = real && IsReal(factor);
  if (!real) {
    Terms monic;
    Rational inverse = terms[0].coefficient;
    fmpq_inv(inverse.get(), inverse.get());
    if (!MultiplyTerms(terms, ConstantTerms(inverse), budget_, &monic)) return std::nullopt;
    const auto sign = Ask(monic);
    return sign ? std::optional<int>(*sign * inverse.sign()) : std::nullopt;
  }
  int sign = factored.number.sign();
  for (const auto& unit : factored.units) {
    if (unit.den == 1 && unit.num % 2 == 0) continue;
    auto known = KnownGeneratorSign(unit.generator);
    if (!known) known = Ask(GeneratorTerms(unit.generator));
    if (!known) return std::nullopt;
    sign *= *known;
  }
  for (const auto& [factor, power] : factored.factors) {
    if (power % 2 == 0) continue;
    const auto known = FactorSign(factor);
    if (!known) return std::nullopt;
    sign *= *known;
  }
  return sign;
}

std::optional<int> Kernels::Sign(const Form& form) {
  const auto top = Sign(form.top), bottom = Sign(form.bottom);
  if (top && bottom && *bottom != 0) return *top * *bottom;
  if (!IsReal(form) && !EqualTerms(form.bottom, ConstantTerms(Rational(1)))) {
    // Real only as a quotient: both times the conjugate of the bottom.
    Terms conjugate, product, norm;
    if (!Conjugate(form.bottom, &conjugate) || !MultiplyTerms(form.top, conjugate, budget_, &product) ||
        !MultiplyTerms(form.bottom, conjugate, budget_, &norm))
      return std::nullopt;
    const auto above = Sign(product), below = Sign(norm);
    if (above && below && *below != 0) return *above * *below;
  }
  return std::nullopt;
}

bool Kernels::Advance() {
  while (!path_.empty() && path_.back().sign < 0) path_.pop_back();
  if (path_.empty()) return false;
  path_.back().sign = -1;
  return true;
}

std::vector<uint32_t> Kernels::NegativeSymbols() const {
  std::vector<uint32_t> out;
  for (const Kink& kink : path_) {
    if (kink.sign > 0 || kink.function.size() != 1 || kink.function[0].monomial.size() != 1) continue;
    const uint64_t generator = kink.function[0].monomial[0].generator;
    if (GeneratorKind(generator) == Generator::kSymbol)
      out.push_back(static_cast<uint32_t>(GeneratorPayload(generator)));
  }
  return out;
}

void Kernels::LeaveReals(const Form& form) {
  left_reals = true;
  for (const Terms* terms : {&form.top, &form.bottom}) {
    for (const Term& term : *terms) {
      for (const auto& factor : term.monomial) {
        if (GeneratorKind(factor.generator) == Generator::kSymbol)
          left_symbols.push_back(static_cast<uint32_t>(GeneratorPayload(factor.generator)));
      }
    }
  }
}

namespace {

using Interval = std::pair<Rational, Rational>;

// Exact intervals around the real roots of a squarefree polynomial, in order.
std::vector<Interval> IsolatedRoots(const fmpz_poly_t polynomial) {
  const slong degree = fmpz_poly_degree(polynomial);
  acb_ptr roots = _acb_vec_init(degree);
  arb_fmpz_poly_complex_roots(roots, polynomial, 0, 64);
  std::vector<Interval> out;
  for (slong i = 0; i < degree; ++i) {
    if (arb_is_zero(acb_imagref(roots + i)) == 0) continue;
    Rational low, high;
    arf_t end;
    arf_init(end);
    arb_get_lbound_arf(end, acb_realref(roots + i), 96);
    arf_get_fmpq(low.get(), end);
    arb_get_ubound_arf(end, acb_realref(roots + i), 96);
    arf_get_fmpq(high.get(), end);
    arf_clear(end);
    out.emplace_back(std::move(low), std::move(high));
  }
  _acb_vec_clear(roots, degree);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

// One number below, between and above the roots each.
std::vector<Rational> NumbersBeside(const std::vector<Interval>& roots) {
  if (roots.empty()) return {Rational(1)};
  std::vector<Rational> out;
  for (size_t i = 0; i < roots.size(); ++i) {
    Rational at = roots[i].first;
    if (i == 0) {
      fmpq_sub(at.get(), at.get(), Rational(1).get());
    } else {
      fmpq_add(at.get(), at.get(), roots[i - 1].second.get());
      fmpq_div_2exp(at.get(), at.get(), 1);
    }
    out.push_back(at);
  }
  Rational above = roots.back().second;
  fmpq_add(above.get(), above.get(), Rational(1).get());
  out.push_back(above);
  return out;
}

}  // namespace

bool Kernels::IsEmptyCell(std::vector<std::pair<uint32_t, Rational>>* points) const {
  points->clear();
  // The signs of the symbols may contradict that of a sum.
  for (const Kink& kink : path_) {
    if (kink.function.size() < 2) continue;
    const auto implied = AlikeSign(kink.function);
    if (implied && *implied != kink.sign) return true;
  }
  if (path_.empty()) return false;
  uint64_t symbol = 0;
  IntegerPolynomial product;
  fmpz_poly_one(product.get());
  for (const Kink& kink : path_) {
    const uint64_t only = OnlySymbol(kink.function);
    if (only == 0 || (symbol != 0 && only != symbol)) return false;
    symbol = only;
    IntegerPolynomial factor;
    ToPolynomial(kink.function, factor.get());
    fmpz_poly_mul(product.get(), product.get(), factor.get());
  }
  const slong degree = fmpz_poly_degree(product.get());
  if (degree < 1 || degree > kMaxKinkDegree || fmpz_poly_is_squarefree(product.get()) == 0) return false;
  if (!budget_.Spend(200 + 20 * degree)) return false;
  bool empty = true;
  for (const Rational& at : NumbersBeside(IsolatedRoots(product.get()))) {
    empty = empty && !HasSignsAt(at);
    points->emplace_back(static_cast<uint32_t>(GeneratorPayload(symbol)), at);
  }
  return empty;
}

// True if all kinks, polynomials in one symbol, have the signs of the path where the symbol is `at`.
bool Kernels::HasSignsAt(const Rational& at) const {
  return std::all_of(path_.begin(), path_.end(), [&at](const Kink& kink) {
    IntegerPolynomial polynomial;
    Rational value;
    ToPolynomial(kink.function, polynomial.get());
    fmpz_poly_evaluate_fmpq(value.get(), polynomial.get(), at.get());
    return value.sign() == kink.sign;
  });
}

}  // namespace drover::verifier
