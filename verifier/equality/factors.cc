// Factors of sums of monomials, by FLINT's factorisation of polynomials over the integers.
#include <algorithm>
#include <numeric>

#include "verifier/equality/kernels.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxVariables = 8;
constexpr size_t kMaxFactoredTerms = 48;
constexpr int64_t kMaxUnivariateDegree = 40;
constexpr int64_t kMaxTotalDegree = 14;

// A generator as a variable: its powers counted in steps of 1/den, from the lowest of them on.
struct Variable {
  uint64_t generator;
  int64_t den = 1;
  int64_t lowest = 0;  // in steps
};

int64_t Steps(const Monomial& monomial, const Variable& variable) {
  for (const auto& factor : monomial) {
    if (factor.generator == variable.generator) return factor.num * (variable.den / factor.den);
  }
  return 0;
}

std::vector<Variable> VariablesOf(const Terms& terms) {
  std::vector<Variable> variables;
  for (const Term& term : terms) {
    for (const auto& factor : term.monomial) {
      const auto at = std::find_if(variables.begin(), variables.end(), [&factor](const Variable& variable) {
        return variable.generator == factor.generator;
      });
      if (at == variables.end()) {
        variables.push_back({factor.generator, factor.den});
      } else {
        at->den = std::lcm(at->den, int64_t{factor.den});
      }
    }
  }
  std::sort(variables.begin(), variables.end(),
            [](const Variable& a, const Variable& b) { return a.generator < b.generator; });
  for (Variable& variable : variables) {
    variable.lowest = Steps(terms[0].monomial, variable);
    for (const Term& term : terms)
      variable.lowest = std::min(variable.lowest, Steps(term.monomial, variable));
  }
  return variables;
}

class Polynomial {
 public:
  explicit Polynomial(size_t variables) : variables_(variables) {
    fmpz_mpoly_ctx_init(context_, static_cast<slong>(variables), ORD_LEX);
    fmpz_mpoly_init(value_, context_);
  }
  ~Polynomial() {
    fmpz_mpoly_clear(value_, context_);
    fmpz_mpoly_ctx_clear(context_);
  }
  Polynomial(const Polynomial&) = delete;
  Polynomial& operator=(const Polynomial&) = delete;

  fmpz_mpoly_struct* get() { return value_; }
  const fmpz_mpoly_ctx_struct* context() const { return context_; }

  Terms ToTerms(const fmpz_mpoly_t value, const std::vector<Variable>& variables, Budget& budget) const {
    Terms out;
    std::vector<ulong> exponents(variables_);
    for (slong i = 0; i < fmpz_mpoly_length(value, context_); ++i) {
      Rational coefficient;
      fmpz_mpoly_get_term_coeff_fmpz(coefficient.num(), value, i, context_);
      fmpz_mpoly_get_term_exp_ui(exponents.data(), value, i, context_);
      Terms term = ConstantTerms(coefficient);
      for (size_t v = 0; v < variables_; ++v) {
        if (exponents[v] == 0) continue;
        const int64_t num = static_cast<int64_t>(exponents[v]), g = std::gcd(num, variables[v].den);
        const Terms power = GeneratorTerms(variables[v].generator, static_cast<int32_t>(num / g),
                                           static_cast<int32_t>(variables[v].den / g));
        if (!MultiplyTerms(term, power, budget, &term)) return {};
      }
      if (!AddTerms(out, term, budget, &out)) return {};
    }
    return out;
  }

 private:
  const size_t variables_;
  fmpz_mpoly_ctx_t context_;
  fmpz_mpoly_t value_;
};

// The same polynomial with coprime integer coefficients and a positive first one; *scale times it is the old one.
bool MakePrimitive(Terms* terms, Rational* scale, Budget& budget) {
  Rational content = (*terms)[0].coefficient;
  for (const Term& term : *terms) {
    fmpz_gcd(content.num(), content.num(), term.coefficient.num());
    fmpz_lcm(content.den(), content.den(), term.coefficient.den());
  }
  fmpz_abs(content.num(), content.num());
  if ((*terms)[0].coefficient.sign() < 0) fmpz_neg(content.num(), content.num());
  *scale = content;
  fmpq_inv(content.get(), content.get());
  return MultiplyTerms(*terms, ConstantTerms(content), budget, terms);
}

bool HasImaginary(const Terms& terms) {
  return std::any_of(terms.begin(), terms.end(), [](const Term& term) {
    return !term.monomial.empty() && GeneratorKind(term.monomial[0].generator) == Generator::kI;
  });
}

// The lowest powers of all variables, which every term has.
bool CommonUnits(const std::vector<Variable>& variables, Budget& budget, Terms* units) {
  for (const Variable& variable : variables) {
    if (variable.lowest == 0) continue;
    const int64_t g = std::gcd(variable.lowest, variable.den);
    const Terms unit = GeneratorTerms(variable.generator, static_cast<int32_t>(variable.lowest / g),
                                      static_cast<int32_t>(variable.den / g));
    if (!MultiplyTerms(*units, unit, budget, units)) return false;
  }
  return true;
}

// Fills the polynomial with the terms over their common units; returns its total degree.
int64_t SetPolynomial(const Terms& terms, const Terms& primitive, const std::vector<Variable>& variables,
                      Polynomial* polynomial) {
  int64_t degree = 0;
  std::vector<ulong> exponents(variables.size());
  for (size_t i = 0; i < primitive.size(); ++i) {
    int64_t total = 0;
    for (size_t v = 0; v < variables.size(); ++v) {
      const int64_t steps = Steps(terms[i].monomial, variables[v]) - variables[v].lowest;
      exponents[v] = static_cast<ulong>(steps);
      total += steps;
    }
    degree = std::max(degree, total);
    fmpz_mpoly_push_term_fmpz_ui(polynomial->get(), primitive[i].coefficient.num(), exponents.data(),
                                 polynomial->context());
  }
  fmpz_mpoly_sort_terms(polynomial->get(), polynomial->context());
  return degree;
}

// Puts factor^power to the factors, or to the units if it is but one term.
bool AppendFactor(Terms factor, int64_t power, Budget& budget, Terms* units, Factored* out) {
  if (factor.empty()) return false;
  if (factor.size() == 1)
    return PowerTerms(factor, power, budget, &factor) && MultiplyTerms(*units, factor, budget, units);
  Rational sign, raised;
  if (!MakePrimitive(&factor, &sign, budget)) return false;
  fmpq_pow_si(raised.get(), sign.get(), power);
  fmpq_mul(out->number.get(), out->number.get(), raised.get());
  out->factors.emplace_back(std::move(factor), power);
  return true;
}

// The factors of two terms or more; one that is too large to be factored stays whole.
bool FactorPolynomial(const Terms& terms, const std::vector<Variable>& variables, Budget& budget,
                      Terms* units, Factored* out) {
  Terms primitive = terms;
  Rational scale;
  if (!MakePrimitive(&primitive, &scale, budget)) return false;
  fmpq_mul(out->number.get(), out->number.get(), scale.get());
  Polynomial polynomial(variables.size());
  const int64_t degree = SetPolynomial(terms, primitive, variables, &polynomial);
  const auto append = [&](const fmpz_mpoly_t factor, int64_t power) {
    return AppendFactor(polynomial.ToTerms(factor, variables, budget), power, budget, units, out);
  };
  const bool small = variables.size() <= kMaxVariables && terms.size() <= kMaxFactoredTerms &&
                     degree <= (variables.size() == 1 ? kMaxUnivariateDegree : kMaxTotalDegree);
  if (!small) return append(polynomial.get(), 1);
  if (!budget.Spend(100 + 30 * static_cast<int64_t>(terms.size()) * degree)) return false;
  fmpz_mpoly_factor_t factors;
  fmpz_mpoly_factor_init(factors, polynomial.context());
  bool done = fmpz_mpoly_factor(factors, polynomial.get(), polynomial.context()) != 0;
  if (done) {
    fmpq_mul_fmpz(out->number.get(), out->number.get(), factors->constant);
    for (slong i = 0; i < factors->num && done; ++i) {
      done = fmpz_fits_si(factors->exp + i) != 0 && append(factors->poly + i, fmpz_get_si(factors->exp + i));
    }
  }
  fmpz_mpoly_factor_clear(factors, polynomial.context());
  return done;
}

}  // namespace

// The e^(i...) with whole exponents.
std::vector<uint64_t> Kernels::Rotatable(const Terms& terms) const {
  std::vector<uint64_t> out, broken;
  for (const Term& term : terms) {
    for (const auto& factor : term.monomial) {
      if (GeneratorKind(factor.generator) != Generator::kKernel) continue;
      const Kernel& kernel = table_[GeneratorPayload(factor.generator)];
      if (kernel.kind != Kernel::Kind::kExponential || kernel.real) continue;
      std::vector<uint64_t>& to = factor.den == 1 ? out : broken;
      if (std::find(to.begin(), to.end(), factor.generator) == to.end()) to.push_back(factor.generator);
    }
  }
  std::erase_if(out, [&broken](uint64_t generator) {
    return std::find(broken.begin(), broken.end(), generator) != broken.end();
  });
  return out;
}

// With e^(iu) = i F for the rotated ones, sin u = (F + 1/F)/2 has no i any more; factors in F turn back.
bool Kernels::FactorRotated(const Terms& terms, const std::vector<uint64_t>& rotated, Factored* out) const {
  const auto turns = [&rotated](const Monomial& monomial) {
    int64_t count = 0;
    for (const auto& factor : monomial) {
      if (std::find(rotated.begin(), rotated.end(), factor.generator) != rotated.end()) count += factor.num;
    }
    return static_cast<int32_t>(((count % 4) + 4) % 4);
  };
  const auto turn = [&](const Terms& from, bool back, Terms* to) {
    to->clear();
    for (const Term& term : from) {
      const int32_t quarter = turns(term.monomial);
      Terms turned = {term};
      const Terms i = GeneratorTerms(GeneratorKey(Generator::kI), back ? (4 - quarter) % 4 : quarter);
      if (quarter != 0 && !MultiplyTerms(turned, i, budget_, &turned)) return false;
      if (!AddTerms(*to, turned, budget_, to)) return false;
    }
    return true;
  };
  Terms straight;
  if (!turn(terms, false, &straight) || HasImaginary(straight) || !FactorPlain(straight, out)) return false;
  Terms units(1);
  units[0].monomial = out->units;
  units[0].coefficient = out->number;
  if (!turn(Terms(units), true, &units)) return false;
  for (auto& [factor, power] : out->factors) {
    Rational scale, raised;
    if (!turn(Terms(factor), true, &factor) || !MakePrimitive(&factor, &scale, budget_)) return false;
    fmpq_pow_si(raised.get(), scale.get(), power);
    if (!MultiplyTerms(units, ConstantTerms(raised), budget_, &units)) return false;
  }
  out->number = units[0].coefficient;
  out->units = units[0].monomial;
  return true;
}

bool Kernels::Factor(const Terms& terms, Factored* out) const {
  constexpr size_t kMaxRotated = 3;
  if (terms.size() > 1 && HasImaginary(terms)) {
    const std::vector<uint64_t> candidates = Rotatable(terms);
    for (size_t mask = 1; candidates.size() <= kMaxRotated && mask < size_t{1} << candidates.size(); ++mask) {
      std::vector<uint64_t> rotated;
      for (size_t i = 0; i < candidates.size(); ++i) {
        if ((mask >> i & 1) != 0) rotated.push_back(candidates[i]);
      }
      if (FactorRotated(terms, rotated, out)) return true;
    }
  }
  return FactorPlain(terms, out);
}

bool Kernels::FactorPlain(const Terms& terms, Factored* out) const {
  out->number = Rational(1);
  out->units.clear();
  out->factors.clear();
  if (terms.empty()) return false;
  const std::vector<Variable> variables = VariablesOf(terms);
  Terms units = ConstantTerms(Rational(1));
  if (!CommonUnits(variables, budget_, &units)) return false;
  if (terms.size() == 1) {
    out->number = terms[0].coefficient;
  } else if (!FactorPolynomial(terms, variables, budget_, &units, out)) {
    return false;
  }
  // The units with their coefficient: i^2, whole powers of primes, signs of roots of unity.
  out->units = units[0].monomial;
  fmpq_mul(out->number.get(), out->number.get(), units[0].coefficient.get());
  return true;
}

bool Kernels::Cancel(Form* form) const {
  if (form->bottom.size() < 2 || form->top.empty()) return true;
  Factored top, bottom;
  if (!Factor(form->top, &top) || !Factor(form->bottom, &bottom)) return !budget_.over();
  bool common = false;
  for (auto& [factor, power] : bottom.factors) {
    for (auto& [other, other_power] : top.factors) {
      if (!EqualTerms(factor, other)) continue;
      const int64_t shared = std::min(power, other_power);
      power -= shared;
      other_power -= shared;
      common = common || shared > 0;
    }
  }
  if (!common) return true;
  fmpq_div(top.number.get(), top.number.get(), bottom.number.get());
  bottom.number = Rational(1);
  return Multiplied(top, &form->top) && Multiplied(bottom, &form->bottom);
}

bool Kernels::Multiplied(const Factored& factored, Terms* out) const {
  *out = Terms{{factored.units, factored.number}};
  for (const auto& [factor, power] : factored.factors) {
    Terms raised;
    if (!PowerTerms(factor, power, budget_, &raised) || !MultiplyTerms(*out, raised, budget_, out))
      return false;
  }
  return true;
}

}  // namespace drover::verifier
