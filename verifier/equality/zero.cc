// The proofs that a sum of monomials is zero.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "verifier/equality/kernels.h"
#include "verifier/equality/rational.h"

namespace drover::verifier {
namespace {

constexpr int64_t kMaxAlgebraicDegree = 192;
constexpr double kMaxZeroBits = 24'000;
constexpr int64_t kMaxLogExponent = 64;

double Log2(const fmpz* n) { return fmpz_is_zero(n) != 0 ? 0 : static_cast<double>(fmpz_bits(n)); }

uint64_t Totient(uint64_t n) { return n_euler_phi(n); }

// The least common denominator of a sum of rational multiples of single generators; false: it is none, or too large.
bool CommonDenominator(const Terms& terms, int64_t* common) {
  for (const Term& term : terms) {
    if (!fmpz_fits_si(term.coefficient.den()) || term.monomial.size() != 1) return false;
    const int64_t den = fmpz_get_si(term.coefficient.den());
    if (den > kMaxLogExponent || term.monomial[0].num != 1 || term.monomial[0].den != 1) return false;
    *common = std::lcm(*common, den);
    if (*common > kMaxLogExponent) return false;
  }
  return true;
}

}  // namespace

// What the generators of an algebraic number add to the degree of its field.
struct Kernels::Orders {
  std::map<uint64_t, int64_t> roots;  // generator -> the common denominator of its exponents
  int64_t unity = 1;                  // the order of a root of unity that all of them are powers of
  int64_t Degree() const {
    int64_t degree = static_cast<int64_t>(Totient(static_cast<uint64_t>(unity)));
    for (const auto& [generator, order] : roots) {
      degree *= order;
      if (degree > kMaxAlgebraicDegree) return kMaxAlgebraicDegree + 1;
    }
    return degree;
  }
};

// log2 of a bound for all conjugates of a sum with integer coefficients; false if a generator is no algebraic integer.
bool Kernels::BoundOf(const Terms& terms, Orders* orders, double* log_bound) const {
  double largest = 0;
  for (const Term& term : terms) {
    double bound = Log2(term.coefficient.num());
    for (const auto& factor : term.monomial) {
      const uint64_t payload = GeneratorPayload(factor.generator);
      const double exponent = static_cast<double>(factor.num) / factor.den;
      if (exponent < 0) return false;
      switch (GeneratorKind(factor.generator)) {
        case Generator::kI:
          orders->unity = std::lcm(orders->unity, int64_t{4});
          break;
        case Generator::kPrime: {
          int64_t& order = orders->roots.try_emplace(factor.generator, 1).first->second;
          order = std::lcm(order, int64_t{factor.den});
          bound += exponent * std::ceil(std::log2(static_cast<double>(payload)) + 1e-9);
          break;
        }
        case Generator::kKernel: {
          const Kernel& kernel = table_[payload];
          if (!kernel.algebraic || !kernel.constant) return false;
          if (kernel.kind == Kernel::Kind::kUnity) {
            orders->unity = std::lcm(orders->unity, int64_t{2} * factor.den);
            break;
          }
          double inner = 0;
          if (!BoundOf(kernel.arguments[0].top, orders, &inner)) return false;
          int64_t& order = orders->roots.try_emplace(factor.generator, 1).first->second;
          const bool root = kernel.kind == Kernel::Kind::kRoot;
          order = std::lcm(order, int64_t{root ? kernel.order : factor.den});
          bound += inner * (root ? exponent / kernel.order : exponent);
          break;
        }
        default:
          return false;
      }
      if (orders->unity > 100'000) return false;
    }
    largest = std::max(largest, bound);
  }
  *log_bound = largest + std::ceil(std::log2(static_cast<double>(terms.size()) + 1)) + 1;
  return true;
}

// A nonzero algebraic integer of degree d whose conjugates are all at most 2^u in modulus is at least 2^(u(1-d)), since
// the product of its conjugates is an integer.
bool Kernels::AlgebraicZero(const Terms& terms) const {
  if (terms.empty()) return true;
  Rational common(1);
  for (const Term& term : terms) fmpz_lcm(common.num(), common.num(), term.coefficient.den());
  Terms integral;
  if (!MultiplyTerms(terms, ConstantTerms(common), budget_, &integral)) return false;
  Orders orders;
  double log_bound = 0;
  if (!BoundOf(integral, &orders, &log_bound)) return false;
  const int64_t degree = orders.Degree();
  if (degree > kMaxAlgebraicDegree) return false;
  const double bits = log_bound * static_cast<double>(degree - 1) + 2;
  if (bits > kMaxZeroBits) return false;
  const int64_t precision = static_cast<int64_t>(bits + log_bound) + 64;
  // Mostly it is not zero, and few digits show it.
  for (const int64_t tried : {int64_t{128}, precision}) {
    if (!budget_.Spend(static_cast<int64_t>(integral.size()) * (4 + tried / 64))) return false;
    Ball value;
    if (!Evaluate(integral, tried, &value)) return false;
    if (acb_contains_zero(value.get()) == 0) return false;
    mag_t magnitude;
    mag_init(magnitude);
    acb_get_mag(magnitude, value.get());
    const bool zero = mag_cmp_2exp_si(magnitude, -static_cast<slong>(bits)) < 0;
    mag_clear(magnitude);
    if (zero) return true;
  }
  return false;
}

bool Kernels::IsZero(Terms terms) const {
  if (!ClearRoots(&terms, nullptr) || !Reduce(&terms)) return false;
  if (terms.empty()) return true;
  // Sums of the same transcendental part, each with an algebraic coefficient.
  std::vector<std::pair<Monomial, Terms>> groups;
  for (const Term& term : terms) {
    Monomial part;
    Term coefficient{{}, term.coefficient};
    for (const auto& factor : term.monomial) {
      const Generator kind = GeneratorKind(factor.generator);
      const Kernel* kernel =
          kind == Generator::kKernel ? &table_[GeneratorPayload(factor.generator)] : nullptr;
      const bool algebraic = kind == Generator::kI || kind == Generator::kPrime ||
                             (kernel != nullptr && kernel->algebraic && kernel->constant);
      (algebraic ? coefficient.monomial : part).push_back(factor);
    }
    const auto at = std::find_if(groups.begin(), groups.end(),
                                 [&part](const auto& group) { return group.first == part; });
    if (at == groups.end()) {
      groups.emplace_back(part, Terms{coefficient});
    } else {
      at->second.push_back(std::move(coefficient));
    }
  }
  const bool zero = std::all_of(groups.begin(), groups.end(),
                                [this](const auto& group) { return AlgebraicZero(group.second); });
  return zero || LogarithmicZero(terms);
}

// The products whose logarithms and angles a linear form adds, of its positive terms ([0]) and of its negative ones ([1]).
struct Kernels::LinearForm {
  int64_t common = 1;  // denominator of the coefficients
  Terms over[2] = {ConstantTerms(Rational(1)), ConstantTerms(Rational(1))};   // of the logarithms
  Terms angle[2] = {ConstantTerms(Rational(1)), ConstantTerms(Rational(1))};  // of the arcs
};

// A sum of rational multiples of pi, logarithms of algebraic numbers, and arcs: real logarithms cancel when the product of
// the numbers is 1; arcs when the product of the unit numbers that they are the angles of is 1 (then the sum is a multiple
// of pi/n) and the value is under pi/n.
bool Kernels::LogarithmicZero(const Terms& terms) const {
  LinearForm form;
  if (!CommonDenominator(terms, &form.common)) return false;
  for (const Term& term : terms) {
    Rational scaled = term.coefficient;
    fmpq_mul_si(scaled.get(), scaled.get(), form.common);
    int64_t n = 0;
    if (!scaled.ToInt(&n) || std::abs(n) > kMaxLogExponent) return false;
    if (!AddToForm(term.monomial[0].generator, n, &form)) return false;
  }
  const auto equal = [this](Terms a, const Terms& b, bool negated) {
    if (!negated) NegateTerms(&a);
    return AddTerms(a, b, budget_, &a) && (a.empty() || AlgebraicZero(a));
  };
  const auto& [positive, negative] = form.over;
  if (!equal(positive, negative, false) && !equal(positive, negative, true)) return false;
  if (!equal(form.angle[0], form.angle[1], false)) return false;
  Ball value;
  if (!Evaluate(terms, 128, &value)) return false;
  arb_mul_si(value.real(), value.real(), form.common, 128);
  return acb_is_real(value.get()) != 0 && arb_contains_zero(value.real()) != 0 &&
         arf_cmpabs_2exp_si(arb_midref(value.real()), -8) < 0 &&
         mag_cmp_2exp_si(arb_radref(value.real()), -8) < 0;
}

// n times the logarithm, arc or pi that the generator stands for; false: it is something else, or over the limits.
bool Kernels::AddToForm(uint64_t generator, int64_t n, LinearForm* form) const {
  const bool below = n < 0;
  n = std::abs(n);
  const Generator kind = GeneratorKind(generator);
  if (kind == Generator::kPi) return true;  // e^(2 i pi n) = 1
  if (kind == Generator::kLog) {
    Rational prime;
    fmpz_set_ui(prime.num(), GeneratorPayload(generator));
    return TimesPower(ConstantTerms(prime), n, &form->over[below]);
  }
  if (kind != Generator::kKernel) return false;
  const Kernel& kernel = table_[GeneratorPayload(generator)];
  if (!kernel.constant) return false;
  // The logarithm is of |f|: products are compared up to the sign.
  if (kernel.kind == Kernel::Kind::kLogarithm)
    return TimesPower(kernel.arguments[0].top, n, &form->over[below]);
  if (kernel.kind != Kernel::Kind::kCall || kernel.name != static_cast<uint64_t>(Function::kArctan))
    return false;
  // arctan(t/b) is half the angle of (b + it)/(b - it).
  Terms upper = kernel.arguments[0].bottom, lower = upper, turned;
  if (!MultiplyTerms(kernel.arguments[0].top, GeneratorTerms(GeneratorKey(Generator::kI)), budget_,
                     &turned) ||
      !AddTerms(upper, turned, budget_, &upper))
    return false;
  NegateTerms(&turned);
  return AddTerms(lower, turned, budget_, &lower) && TimesPower(upper, n, &form->angle[below]) &&
         TimesPower(lower, n, &form->angle[!below]);
}

bool Kernels::TimesPower(const Terms& base, int64_t power, Terms* product) const {
  Terms raised;
  return PowerTerms(base, power, budget_, &raised) && MultiplyTerms(*product, raised, budget_, product) &&
         Reduce(product);
}

bool Kernels::AreEqual(const Form& a, const Form& b) const {
  if (EqualTerms(a.bottom, b.bottom) && EqualTerms(a.top, b.top)) return true;
  Terms left, right;
  if (EqualTerms(a.bottom, b.bottom)) {
    left = a.top, right = b.top;
  } else if (!MultiplyTerms(a.top, b.bottom, budget_, &left) ||
             !MultiplyTerms(b.top, a.bottom, budget_, &right)) {
    return false;
  }
  NegateTerms(&right);
  return AddTerms(left, right, budget_, &left) && IsZero(std::move(left));
}

bool Kernels::GeneratorValue(const struct Factor& factor, int64_t bits, Ball* out) const {
  const uint64_t payload = GeneratorPayload(factor.generator);
  acb_struct* z = out->get();
  switch (GeneratorKind(factor.generator)) {
    case Generator::kI:
      acb_onei(z);
      break;
    case Generator::kPrime:
      acb_set_ui(z, payload);
      break;
    case Generator::kPi:
      acb_const_pi(z, bits);
      break;
    case Generator::kE:
      acb_zero(z);
      arb_const_e(out->real(), bits);
      break;
    case Generator::kLog:
      acb_set_ui(z, payload);
      acb_log(z, z, bits);
      break;
    case Generator::kKernel: {
      const Kernel& kernel = table_[payload];
      if (!kernel.constant) return false;
      const bool exponential =
          kernel.kind == Kernel::Kind::kUnity || kernel.kind == Kernel::Kind::kExponential;
      if (exponential) return ExponentialValue(kernel, factor, bits, out);
      if (!KernelValue(kernel, bits, out)) return false;
      break;
    }
    default:
      return false;
  }
  if (factor.den != 1) acb_root_ui(z, z, static_cast<ulong>(factor.den), bits);
  acb_pow_si(z, z, factor.num, bits);
  return acb_is_finite(z) != 0;
}

// A power of e: the exponent is multiplied, as a root would be another branch.
bool Kernels::ExponentialValue(const Kernel& kernel, const struct Factor& power, int64_t bits,
                               Ball* out) const {
  Rational exponent(power.num, static_cast<uint64_t>(power.den));
  acb_struct* z = out->get();
  if (kernel.kind == Kernel::Kind::kUnity) {
    acb_zero(z);
    arb_set_fmpq(out->real(), exponent.get(), bits);
    acb_exp_pi_i(z, z, bits);
    return true;
  }
  if (!Evaluate(kernel.arguments[0], bits, out)) return false;
  Ball q;
  acb_set_fmpq(q.get(), exponent.get(), bits);
  acb_mul(z, z, q.get(), bits);
  acb_exp(z, z, bits);
  return acb_is_finite(z) != 0;
}

// To the first power.
bool Kernels::KernelValue(const Kernel& kernel, int64_t bits, Ball* out) const {
  if (!Evaluate(kernel.arguments[0], bits, out)) return false;
  acb_struct* z = out->get();
  switch (kernel.kind) {
    case Kernel::Kind::kPower:
      if (acb_is_real(z) == 0) return false;
      if (kernel.sign < 0) acb_neg(z, z);
      return arb_is_positive(out->real()) != 0;
    case Kernel::Kind::kLogarithm:
      if (acb_is_real(z) == 0) return false;
      arb_abs(out->real(), out->real());
      if (arb_is_positive(out->real()) == 0) return false;
      acb_log(z, z, bits);
      return true;
    case Kernel::Kind::kRoot:
      acb_root_ui(z, z, static_cast<ulong>(kernel.order), bits);
      return true;
    default:
      break;
  }
  const bool arc = kernel.name == static_cast<uint64_t>(Function::kArctan);
  if (!arc && kernel.name != static_cast<uint64_t>(Function::kGamma)) return false;
  (arc ? acb_atan : acb_gamma)(z, z, bits);
  return true;
}

bool Kernels::Evaluate(const Terms& terms, int64_t bits, Ball* out) const {
  Ball sum, product, value;
  for (const Term& term : terms) {
    if (!budget_.Spend(1 + bits / 256)) return false;
    acb_set_fmpq(product.get(), term.coefficient.get(), bits);
    for (const auto& factor : term.monomial) {
      if (!GeneratorValue(factor, bits, &value)) return false;
      acb_mul(product.get(), product.get(), value.get(), bits);
    }
    acb_add(sum.get(), sum.get(), product.get(), bits);
  }
  *out = std::move(sum);
  return true;
}

bool Kernels::Evaluate(const Form& form, int64_t bits, Ball* out) const {
  if (EqualTerms(form.bottom, ConstantTerms(Rational(1)))) return Evaluate(form.top, bits, out);
  Ball bottom;
  if (!Evaluate(form.top, bits, out) || !Evaluate(form.bottom, bits, &bottom)) return false;
  acb_div(out->get(), out->get(), bottom.get(), bits);
  return acb_is_finite(out->get()) != 0;
}

}  // namespace drover::verifier
