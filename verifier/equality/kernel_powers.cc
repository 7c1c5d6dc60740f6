// Exponentials, real powers, absolute values and logarithms of forms with kernels.
#include <algorithm>
#include <cstdlib>

#include "verifier/equality/form_builder.h"

namespace drover::verifier {
namespace {

constexpr int64_t kMaxNumerator = 1 << 17;
constexpr int64_t kMaxDenominator = 4096;

bool ToInts(const Rational& q, int32_t* num, int32_t* den) {
  if (!fmpz_fits_si(q.num()) || !fmpz_fits_si(q.den())) return false;
  const int64_t n = fmpz_get_si(q.num()), d = fmpz_get_si(q.den());
  if (std::abs(n) > kMaxNumerator || d > kMaxDenominator) return false;
  *num = static_cast<int32_t>(n), *den = static_cast<int32_t>(d);
  return true;
}

bool IsGenerator(const Factor& factor, Generator kind) { return GeneratorKind(factor.generator) == kind; }

bool IsPlainPi(const Factor& factor) {
  return IsGenerator(factor, Generator::kPi) && factor.num == 1 && factor.den == 1;
}

}  // namespace

// e^(i arcsin u) = sqrt(1-u^2) + iu, e^(i arctan u) = (1+iu) / sqrt(1+u^2).
bool FormBuilder::OfArc(const Monomial& monomial, Form* out) {
  if (monomial.size() != 2 || !IsGenerator(monomial[0], Generator::kI) ||
      !IsGenerator(monomial[1], Generator::kKernel) || monomial[1].num != 1 || monomial[1].den != 1)
    return false;
  const Kernel& kernel = (*kernels_)[GeneratorPayload(monomial[1].generator)];
  const bool sine = kernel.name == static_cast<uint64_t>(Function::kArcsin);
  const bool tangent = kernel.name == static_cast<uint64_t>(Function::kArctan);
  if (kernel.kind != Kernel::Kind::kCall || (!sine && !tangent)) return false;
  const Form u = kernel.arguments[0];
  Form square = u, one, inner, root, turned = u, inverse;
  if (!Constant(Rational(1), &one) || !Times(u, &square) ||
      !MultiplyTerms(turned.top, GeneratorTerms(GeneratorKey(Generator::kI)), budget_, &turned.top) ||
      !Combine(one, Rational(sine ? -1 : 1), square, &inner) || !KernelPower(inner, Rational(1, 2), &root))
    return false;
  if (sine) return Combine(std::move(root), Rational(1), turned, out);
  return Combine(one, Rational(1), turned, out) && Invert(std::move(root), &inverse) && Times(inverse, out);
}

// The product of e^(c m) over the terms c m of the exponent.
bool FormBuilder::KernelExponential(Form exponent, Form* out) {
  if (!Constant(Rational(1), out) || !kernels_->Cancel(&exponent)) return false;
  const bool plain = EqualTerms(exponent.bottom, One());
  Terms bottom = exponent.bottom;
  Rational lead(1);
  if (!plain) {  // the denominator's first coefficient is 1, so that proportional ones are one kernel
    lead = bottom[0].coefficient;
    fmpq_inv(lead.get(), lead.get());
    if (!MultiplyTerms(bottom, ConstantTerms(lead), budget_, &bottom)) return false;
  }
  Terms apart, joint;  // what has a conjugate only together is one kernel
  for (const Term& term : exponent.top) {
    const bool real = std::all_of(term.monomial.begin(), term.monomial.end(), [this](const Factor& factor) {
      return IsGenerator(factor, Generator::kI) || kernels_->IsRealGenerator(factor.generator);
    });
    (real ? apart : joint).push_back(term);
  }
  if (!joint.empty() && !TimesJointExponential(joint, exponent.bottom, out)) return false;
  for (const Term& term : apart) {
    Rational c = term.coefficient;
    fmpq_mul(c.get(), c.get(), lead.get());
    if (!TimesExponential(term.monomial, c, plain ? nullptr : &bottom, out)) return false;
  }
  return kernels_->Canonical(out);
}

// Times e^(sum / bottom), as a power of one kernel.
bool FormBuilder::TimesJointExponential(const Terms& sum, const Terms& bottom, Form* out) {
  Rational c = sum[0].coefficient, inverse = c;
  fmpq_inv(inverse.get(), inverse.get());
  int32_t num = 0, den = 0;
  Kernel kernel{.kind = Kernel::Kind::kExponential};
  Form argument;
  argument.bottom = bottom;
  if (!ToInts(c, &num, &den) || !MultiplyTerms(sum, ConstantTerms(inverse), budget_, &argument.top))
    return false;
  kernel.real = kernels_->IsReal(argument);
  kernel.arguments.push_back(std::move(argument));
  const auto generator = kernels_->Add(std::move(kernel));
  return generator && MultiplyTerms(out->top, GeneratorTerms(*generator, num, den), budget_, &out->top);
}

// Times e^(c m), or e^(c m / bottom) where there is one.
bool FormBuilder::TimesExponential(const Monomial& m, const Rational& c, const Terms* bottom, Form* out) {
  int32_t num = 0, den = 0;
  if (!ToInts(c, &num, &den)) return false;
  const bool plain = bottom == nullptr;
  const bool single = m.size() == 1 && m[0].num == 1 && m[0].den == 1;
  const bool turn = m.size() == 2 && IsGenerator(m[0], Generator::kI) && IsPlainPi(m[1]);
  Terms factor;
  if (plain && m.empty()) {
    factor = GeneratorTerms(GeneratorKey(Generator::kE), num, den);
    out->has_e = true;
  } else if (plain && single && IsGenerator(m[0], Generator::kLog)) {
    factor = GeneratorTerms(GeneratorKey(Generator::kPrime, GeneratorPayload(m[0].generator)), num, den);
  } else if (plain && single && IsLogarithmKernel(m[0])) {
    return TimesPowerOfSize((*kernels_)[GeneratorPayload(m[0].generator)].arguments[0].top, c, out);
  } else if (plain && turn) {
    if (!TurnBy(c, &factor)) return false;
  } else if (Form turned; plain && den == 1 && OfArc(m, &turned)) {
    Form raised;
    return IntegerPower(std::move(turned), num, &raised) && Times(raised, out);
  } else {
    const auto generator = kernels_->Add(ExponentialKernel(m, bottom));
    if (!generator) return false;
    factor = GeneratorTerms(*generator, num, den);
  }
  if (!MultiplyTerms(factor, One(), budget_, &factor)) return false;  // brings powers of unity to order
  return MultiplyTerms(out->top, factor, budget_, &out->top);
}

bool FormBuilder::IsLogarithmKernel(const Factor& factor) const {
  return IsGenerator(factor, Generator::kKernel) &&
         (*kernels_)[GeneratorPayload(factor.generator)].kind == Kernel::Kind::kLogarithm;
}

// Times |f|^c.
bool FormBuilder::TimesPowerOfSize(Terms f, const Rational& c, Form* out) {
  Form sized, power, raised;
  return Set(std::move(f), &sized) && KernelAbsolute(std::move(sized), &power) &&
         KernelPower(std::move(power), c, &raised) && Times(raised, out);
}

// e^(i pi c): exactly where the table of sines has it, else as a power of the kernel of unity.
bool FormBuilder::TurnBy(const Rational& c, Terms* out) {
  Terms sine;
  Rational shifted(1, 2);
  fmpq_add(shifted.get(), shifted.get(), c.get());
  if (SineOfPi(c, &sine) && SineOfPi(shifted, out)) {
    return MultiplyTerms(sine, GeneratorTerms(GeneratorKey(Generator::kI)), budget_, &sine) &&
           AddTerms(*out, sine, budget_, out);
  }
  int32_t num = 0, den = 0;
  if (!ToInts(c, &num, &den)) return false;
  *out = GeneratorTerms(GeneratorKey(Generator::kKernel, kUnityKernel), num, den);
  return true;
}

// e^m, or e^(m / bottom) where there is one.
Kernel FormBuilder::ExponentialKernel(const Monomial& m, const Terms* bottom) const {
  Kernel kernel{.kind = Kernel::Kind::kExponential};
  Form argument;
  argument.top = Terms{{m, Rational(1)}};
  argument.bottom = bottom == nullptr ? One() : *bottom;
  kernel.real = kernels_->IsReal(argument);
  bool integers = bottom == nullptr;
  for (size_t i = 2; i < m.size(); ++i) {
    integers = integers && IsGenerator(m[i], Generator::kSymbol) && m[i].den == 1 && m[i].num > 0 &&
               kernels_->IsInteger(static_cast<uint32_t>(GeneratorPayload(m[i].generator)));
  }
  kernel.parity = integers && m.size() > 2 && IsGenerator(m[0], Generator::kI) && IsPlainPi(m[1]);
  kernel.arguments.push_back(std::move(argument));
  return kernel;
}

// |factor|^q for one real polynomial.
bool FormBuilder::WholeFactorPower(const Terms& factor, const Rational& q, Form* out) {
  int32_t num = 0, den = 0;
  const auto sign = kernels_->Sign(factor);
  if (!sign || *sign == 0 || !ToInts(q, &num, &den)) return false;
  Form base;
  if (den == 1) {
    if (!Set(factor, &base)) return false;
    if (*sign < 0) NegateTerms(&base.top);
    return IntegerPower(std::move(base), num, out);
  }
  Kernel kernel{.kind = Kernel::Kind::kPower, .real = true, .sign = *sign};
  if (!Set(factor, &base)) return false;
  bool integral = true;
  for (const Term& term : factor) integral = integral && term.coefficient.is_integer();
  kernel.algebraic = integral && kernels_->IsConstant(factor);
  kernel.arguments.push_back(std::move(base));
  const auto generator = kernels_->Add(std::move(kernel));
  return generator && Set(GeneratorTerms(*generator, num, den), out);
}

// |unit|^q for a power of a real generator.
bool FormBuilder::UnitPower(const Factor& unit, const Rational& q, Form* out) {
  Rational exponent(unit.num, static_cast<uint64_t>(unit.den));
  fmpq_mul(exponent.get(), exponent.get(), q.get());
  int32_t num = 0, den = 0;
  if (!ToInts(exponent, &num, &den)) return false;
  const bool kernel = IsGenerator(unit, Generator::kKernel);
  const Kernel::Kind kind =
      kernel ? (*kernels_)[GeneratorPayload(unit.generator)].kind : Kernel::Kind::kUnity;
  const bool positive = IsGenerator(unit, Generator::kPrime) || IsGenerator(unit, Generator::kPi) ||
                        IsGenerator(unit, Generator::kE) ||
                        (kernel && (kind == Kernel::Kind::kExponential || kind == Kernel::Kind::kPower));
  if (!positive) return WholeFactorPower(GeneratorTerms(unit.generator), exponent, out);
  Terms power = GeneratorTerms(unit.generator, num, den);
  return MultiplyTerms(power, One(), budget_, &power) && Set(std::move(power), out);
}

// |parts|^q.
bool FormBuilder::RealPower(const Parts& parts, const Rational& q, Form* out) {
  Rational size = parts.number;
  fmpq_abs(size.get(), size.get());
  int32_t num = 0, den = 0;
  Terms number;
  if (!ToInts(q, &num, &den) || !RootTerm({{}, size}, num, den, budget_, &number) || !Set(number, out))
    return false;
  Form power;
  for (const Factor& unit : parts.units) {
    if (!UnitPower(unit, q, &power) || !Times(power, out)) return false;
  }
  for (const auto& [factor, exponent] : parts.factors) {
    Rational times = q;
    fmpq_mul_si(times.get(), times.get(), exponent);
    if (!WholeFactorPower(factor, times, &power) || !Times(power, out)) return false;
  }
  return kernels_->Canonical(out);
}

// The principal root of something complex.
bool FormBuilder::PrincipalRoot(const Form& base, int64_t p, int64_t n, Form* out) {
  if (!EqualTerms(base.bottom, One()) || n > 64 || std::abs(p) > 64) return false;
  Kernel kernel{.kind = Kernel::Kind::kRoot, .order = static_cast<int32_t>(n)};
  bool integral = true;
  for (const Term& term : base.top) integral = integral && term.coefficient.is_integer();
  kernel.algebraic = integral && kernels_->IsConstant(base.top);
  kernel.arguments.push_back(base);
  const auto generator = kernels_->Add(std::move(kernel));
  return generator && Set(GeneratorTerms(*generator, static_cast<int32_t>(p)), out);
}

bool FormBuilder::KernelPower(Form base, const Rational& q, Form* out) {
  if (!kernels_->Canonical(&base)) return false;
  int32_t p = 0, n = 0;
  if (base.top.empty()) return q.sign() > 0 && Constant(Rational(0), out);
  if (!ToInts(q, &p, &n)) return false;
  if (n == 1) return IntegerPower(std::move(base), p, out);
  if (!kernels_->IsReal(base)) return PrincipalRoot(base, p, n, out);
  Parts parts;
  if (!SplitParts(base, &parts)) return false;
  const auto sign = PartsSign(parts);
  if (!sign) return false;
  if (*sign == 0) return p > 0 && Constant(Rational(0), out);
  if (!RealPower(parts, q, out)) return false;
  if (*sign > 0) return true;
  if (n % 2 != 0) {
    if (p % 2 != 0) NegateTerms(&out->top);
    return true;
  }
  if (!kernels_->IsConstant(base)) kernels_->LeaveReals(base);
  // e^(i pi q)
  Form turn, exponent;
  Terms angle = GeneratorTerms(GeneratorKey(Generator::kI));
  if (!MultiplyTerms(angle, GeneratorTerms(GeneratorKey(Generator::kPi)), budget_, &angle) ||
      !MultiplyTerms(angle, ConstantTerms(q), budget_, &angle) || !Set(std::move(angle), &exponent))
    return false;
  return KernelExponential(exponent, &turn) && Times(turn, out);
}

// base^exponent = e^(exponent ln base).
bool FormBuilder::SymbolicPower(NodeId base_id, const Form& exponent, Form* out) {
  Form base, logarithm;
  if (!Build(base_id, &base)) return false;
  const bool left = kernels_->left_reals;
  if (!KernelLogarithm(std::move(base), &logarithm) || !Times(exponent, &logarithm)) return false;
  // A negative number to the power of an integer is real.
  if (EqualTerms(exponent.bottom, One()) && kernels_->IsIntegral(exponent.top)) kernels_->left_reals = left;
  return kernels_->Canonical(&logarithm) && KernelExponential(logarithm, out);
}

bool FormBuilder::KernelAbsolute(Form form, Form* out) {
  if (!kernels_->Canonical(&form)) return false;
  if (form.top.empty()) return *out = std::move(form), true;
  if (kernels_->IsReal(form)) {
    const auto sign = SignOf(form);
    if (!sign) return false;
    if (*sign == 0) return Constant(Rational(0), out);
    if (*sign < 0) NegateTerms(&form.top);
    return *out = std::move(form), true;
  }
  Form conjugate;
  if (!kernels_->Conjugate(form.top, &conjugate.top) || !kernels_->Conjugate(form.bottom, &conjugate.bottom))
    return false;
  return Times(form, &conjugate) && KernelPower(std::move(conjugate), Rational(1, 2), out);
}

bool FormBuilder::AddScaled(const Form& term, const Rational& times, Form* out) {
  Form scaled = term;
  return Scale(times, &scaled) && Add(scaled, out);
}

// out += times * ln|factor|.
bool FormBuilder::LogarithmOfFactor(const Terms& factor, const Rational& times, Form* out) {
  if (factor.size() == 1 && factor[0].monomial.size() == 1 && factor[0].coefficient.is_one()) {
    const Factor& unit = factor[0].monomial[0];
    Rational exponent(unit.num, static_cast<uint64_t>(unit.den));
    fmpq_mul(exponent.get(), exponent.get(), times.get());
    Form term;
    if (IsGenerator(unit, Generator::kE)) {
      return Constant(Rational(1), &term) && AddScaled(term, exponent, out);
    }
    if (IsGenerator(unit, Generator::kPrime)) {
      out->has_log = true;
      return Set(GeneratorTerms(GeneratorKey(Generator::kLog, GeneratorPayload(unit.generator))), &term) &&
             AddScaled(term, exponent, out);
    }
    if (IsGenerator(unit, Generator::kKernel)) {
      const Kernel& kernel = (*kernels_)[GeneratorPayload(unit.generator)];
      if (kernel.kind == Kernel::Kind::kExponential)
        return AddScaled(Form(kernel.arguments[0]), exponent, out);
      if (kernel.kind == Kernel::Kind::kPower) {
        const Terms inner = kernel.arguments[0].top;
        return LogarithmOfFactor(inner, exponent, out);
      }
    }
    if (unit.num != 1 || unit.den != 1) {
      return LogarithmOfFactor(GeneratorTerms(unit.generator), exponent, out);
    }
  }
  Kernel kernel{.kind = Kernel::Kind::kLogarithm, .real = true};
  Form base, term;
  if (!Set(factor, &base)) return false;
  kernel.arguments.push_back(std::move(base));
  const auto generator = kernels_->Add(std::move(kernel));
  return generator && Set(GeneratorTerms(*generator), &term) && AddScaled(term, times, out);
}

bool FormBuilder::KernelLogarithm(Form form, Form* out) {
  if (!kernels_->Canonical(&form) || form.top.empty() || !kernels_->IsReal(form)) return false;
  Parts parts;
  if (!SplitParts(form, &parts)) return false;
  const auto sign = PartsSign(parts);
  if (!sign || *sign == 0 || !Constant(Rational(0), out)) return false;
  for (const bool bottom : {false, true}) {
    std::vector<std::pair<uint64_t, int>> primes;
    Rational number;
    fmpz_abs(number.num(), bottom ? parts.number.den() : parts.number.num());
    if (!FactorInteger(number.num(), &primes)) return false;
    for (const auto& [prime, power] : primes) {
      const Terms base = GeneratorTerms(GeneratorKey(Generator::kPrime, prime));
      if (!LogarithmOfFactor(base, Rational(bottom ? -power : power), out)) return false;
    }
  }
  for (const Factor& unit : parts.units) {
    const Rational times(unit.num, static_cast<uint64_t>(unit.den));
    if (!LogarithmOfFactor(GeneratorTerms(unit.generator), times, out)) return false;
  }
  for (const auto& [factor, power] : parts.factors) {
    if (!LogarithmOfFactor(factor, Rational(power), out)) return false;
  }
  if (*sign > 0) return true;
  if (!kernels_->IsConstant(form)) kernels_->LeaveReals(form);
  Terms turn = GeneratorTerms(GeneratorKey(Generator::kI));
  Form term;
  return MultiplyTerms(turn, GeneratorTerms(GeneratorKey(Generator::kPi)), budget_, &turn) &&
         Set(std::move(turn), &term) && Add(term, out);
}

}  // namespace drover::verifier
