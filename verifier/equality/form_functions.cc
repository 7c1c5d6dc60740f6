// Normal forms of exponentials, circular functions, logarithms, absolute values and nested roots.
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "verifier/equality/ball.h"
#include "verifier/equality/form_builder.h"

namespace drover::verifier {

bool FormBuilder::Exponential(const Form& exponent, Form* out) {
  if (kernels_ != nullptr) return KernelExponential(exponent, out);
  if (!EqualTerms(exponent.bottom, One())) return false;
  if (!Constant(Rational(1), out)) return false;
  for (const Term& term : exponent.top) {
    const Monomial& m = term.monomial;
    if (!fmpz_fits_si(term.coefficient.num()) || !fmpz_fits_si(term.coefficient.den())) return false;
    const int64_t num = fmpz_get_si(term.coefficient.num()), den = fmpz_get_si(term.coefficient.den());
    if (std::abs(num) > 4096 || den > 4096) return false;
    const auto n = static_cast<int32_t>(num), d = static_cast<int32_t>(den);
    Terms factor;
    if (m.empty()) {
      factor = GeneratorTerms(GeneratorKey(Generator::kE), n, d);
      out->has_e = true;
    } else if (m.size() == 1 && GeneratorKind(m[0].generator) == Generator::kLog && m[0].num == 1 &&
               m[0].den == 1) {
      factor = GeneratorTerms(GeneratorKey(Generator::kPrime, GeneratorPayload(m[0].generator)), n, d);
    } else if (m.size() == 2 && GeneratorKind(m[0].generator) == Generator::kI &&
               GeneratorKind(m[1].generator) == Generator::kPi && m[1].num == 1 && m[1].den == 1) {
      Terms sine;
      Rational shifted = term.coefficient;
      if (!SineOfPi(shifted, &sine)) return false;
      fmpq_add(shifted.get(), shifted.get(), Rational(1, 2).get());
      if (!SineOfPi(shifted, &factor)) return false;
      if (!MultiplyTerms(sine, GeneratorTerms(GeneratorKey(Generator::kI)), budget_, &sine)) return false;
      if (!AddTerms(factor, sine, budget_, &factor)) return false;
    } else {
      return false;
    }
    if (!MultiplyTerms(out->top, factor, budget_, &out->top)) return false;
  }
  return true;
}

bool FormBuilder::Denest(const Form& base, Form* out) {
  if (base.top.size() != 2 || !EqualTerms(base.bottom, One())) return false;
  const Term *rational = nullptr, *radical = nullptr;
  for (const Term& term : base.top) (term.monomial.empty() ? rational : radical) = &term;
  if (rational == nullptr || radical == nullptr || rational->coefficient.sign() <= 0) return false;
  for (const Factor& f : radical->monomial) {
    if (GeneratorKind(f.generator) != Generator::kPrime || f.den != 2) return false;
  }
  Terms squares;
  Rational square, d2, d;
  if (!MultiplyTerms({*radical}, {*radical}, budget_, &squares) || !AsRational(squares, &square))
    return false;
  fmpq_mul(d2.get(), rational->coefficient.get(), rational->coefficient.get());
  fmpq_sub(d2.get(), d2.get(), square.get());
  const auto root = d2.sign() < 0 ? std::nullopt : ExactRoot(d2, 2);
  if (!root) return false;
  Terms parts[2];
  for (const bool minus : {false, true}) {
    Rational half = rational->coefficient;
    (minus ? fmpq_sub : fmpq_add)(half.get(), half.get(), root->get());
    fmpq_div_2exp(half.get(), half.get(), 1);
    if (half.is_zero()) continue;
    if (!RootTerm({{}, half}, 1, 2, budget_, &parts[minus])) return false;
  }
  if (radical->coefficient.sign() < 0) NegateTerms(&parts[1]);
  Terms sum;
  return AddTerms(parts[0], parts[1], budget_, &sum) && Set(std::move(sum), out);
}

bool FormBuilder::SineOfPi(const Rational& q, Terms* out) {
  Rational twelfths = q;
  fmpq_mul_si(twelfths.get(), twelfths.get(), 12);
  if (!twelfths.is_integer()) return false;
  Rational reduced;
  fmpz_mod_ui(reduced.num(), twelfths.num(), 24);
  int64_t k = fmpz_get_si(reduced.num());
  const bool negative = k >= 12;
  if (negative) k -= 12;
  if (k > 6) k = 12 - k;
  // sin of k*15 degrees is sqrt(a)/4 + sqrt(b)*sign/4.
  static constexpr struct {
    int a, b, sign;
  } kTable[] = {{0, 0, 0}, {6, 2, -1}, {4, 0, 0}, {8, 0, 0}, {12, 0, 0}, {6, 2, 1}, {16, 0, 0}};
  Terms sum;
  for (const bool second : {false, true}) {
    const int radicand = second ? kTable[k].b : kTable[k].a;
    if (radicand == 0) continue;
    Terms root;
    if (!RootTerm({{}, Rational(radicand, 16)}, 1, 2, budget_, &root)) return false;
    if (second && kTable[k].sign < 0) NegateTerms(&root);
    if (!AddTerms(sum, root, budget_, &sum)) return false;
  }
  if (negative) NegateTerms(&sum);
  *out = std::move(sum);
  return true;
}

bool FormBuilder::MultipleOfPi(const Form& form, Rational* out) {
  if (form.top.empty()) return *out = Rational(0), true;
  const Term* term = SingleTerm(form);
  if (term == nullptr || term->monomial.size() != 1) return false;
  const Factor& f = term->monomial[0];
  if (GeneratorKind(f.generator) != Generator::kPi || f.num != 1 || f.den != 1) return false;
  *out = term->coefficient;
  return true;
}

bool FormBuilder::Trigonometric(NodeId id, Function function, Form* out) {
  Form argument;
  Rational q;
  if (!Build(tree_.Kid(id, 0), &argument)) return false;
  Form sine, cosine;
  sine.bottom = cosine.bottom = One();
  Rational shifted(1, 2);
  const bool table = MultipleOfPi(argument, &q) && (fmpq_add(shifted.get(), shifted.get(), q.get()), true) &&
                     SineOfPi(q, &sine.top) && SineOfPi(shifted, &cosine.top);
  if (!table) return kernels_ != nullptr && KernelCircular(function, argument, out);
  const bool over_sine = function == Function::kCsc || function == Function::kCot;
  const bool top_sine = function == Function::kSin || function == Function::kTan;
  const bool top_one = function == Function::kSec || function == Function::kCsc;
  Form top = top_sine ? sine : cosine;
  if (top_one && !Constant(Rational(1), &top)) return false;
  if (function == Function::kSin || function == Function::kCos) return *out = std::move(top), true;
  Form inverse;
  if (!Invert(over_sine ? std::move(sine) : std::move(cosine), &inverse) || !Times(inverse, &top))
    return false;
  *out = std::move(top);
  return true;
}

bool FormBuilder::Logarithm(const Form& form, Form* out) {
  if (kernels_ != nullptr) return KernelLogarithm(form, out);
  const Term* term = SingleTerm(form);
  if (term == nullptr || term->coefficient.sign() <= 0 || term->coefficient.bits() > 4096) return false;
  Terms sum;
  const auto add = [&](Terms part, int64_t num, int64_t den) {
    return MultiplyTerms(part, ConstantTerms(Rational(num, static_cast<uint64_t>(den))), budget_, &part) &&
           AddTerms(sum, part, budget_, &sum);
  };
  for (const Factor& f : term->monomial) {
    const Generator kind = GeneratorKind(f.generator);
    if (kind == Generator::kE) {
      if (!add(ConstantTerms(Rational(1)), f.num, f.den)) return false;
    } else if (kind == Generator::kPrime) {
      const uint64_t key = GeneratorKey(Generator::kLog, GeneratorPayload(f.generator));
      if (!add(GeneratorTerms(key), f.num, f.den)) return false;
      out->has_log = true;
    } else {
      return false;
    }
  }
  for (const bool bottom : {false, true}) {
    std::vector<std::pair<uint64_t, int>> primes;
    if (!FactorInteger(bottom ? term->coefficient.den() : term->coefficient.num(), &primes)) return false;
    for (const auto& [prime, power] : primes) {
      if (!add(GeneratorTerms(GeneratorKey(Generator::kLog, prime)), bottom ? -power : power, 1))
        return false;
      out->has_log = true;
    }
  }
  return Set(std::move(sum), out);
}

bool FormBuilder::LogarithmOfPower(NodeId id, Form* out) {
  const NodeId base = tree_[id].kind == Kind::kPower ? tree_.Kid(id, 0) : kNoNode;
  const bool power = base != kNoNode && tree_[base].kind == Kind::kConstant &&
                     static_cast<verifier::Constant>(tree_[base].value) == verifier::Constant::kE;
  const bool exponential =
      tree_[id].kind == Kind::kFunction && static_cast<Function>(tree_[id].value) == Function::kExp;
  if (!power && !exponential) return false;
  const NodeId exponent = tree_.Kid(id, power ? 1 : 0);
  return RealSign(tree_, exponent, options_.log_is_natural, budget_) != 0 && Build(exponent, out);
}

bool FormBuilder::LogarithmToBase(NodeId id, Form* out) {
  Form argument, base, log_argument, log_base, inverse;
  if (!Build(tree_.Kid(id, 0), &argument) || !Logarithm(argument, &log_argument)) return false;
  const bool given = tree_[id].count > 1;
  if (!given && options_.log_is_natural) return *out = std::move(log_argument), true;
  if (given ? !Build(tree_.Kid(id, 1), &base) : !Constant(Rational(10), &base)) return false;
  if (!Logarithm(base, &log_base)) return false;
  if (log_argument.top.empty()) return !log_base.top.empty() && Constant(Rational(0), out);
  // log_8 4: both are multiples of ln 2.
  if (log_argument.top.size() == log_base.top.size() && !log_base.top.empty()) {
    Rational ratio = log_argument.top[0].coefficient;
    fmpq_div(ratio.get(), ratio.get(), log_base.top[0].coefficient.get());
    Terms scaled;
    if (!MultiplyTerms(log_base.top, ConstantTerms(ratio), budget_, &scaled)) return false;
    if (EqualTerms(scaled, log_argument.top)) return Constant(ratio, out);
  }
  if (!Invert(std::move(log_base), &inverse) || !Times(inverse, &log_argument)) return false;
  *out = std::move(log_argument);
  return true;
}

bool FormBuilder::Absolute(NodeId id, Form* out) {
  Form inner;
  if (!Build(tree_.Kid(id, 0), &inner)) return false;
  if (const int sign = RealSign(tree_, tree_.Kid(id, 0), options_.log_is_natural, budget_); sign != 0) {
    if (sign < 0) NegateTerms(&inner.top);
    return *out = std::move(inner), true;
  }
  if (kernels_ != nullptr) return KernelAbsolute(std::move(inner), out);
  Form conjugate = inner;
  for (Terms* terms : {&conjugate.top, &conjugate.bottom}) {
    for (Term& term : *terms) {
      const bool imaginary =
          !term.monomial.empty() && GeneratorKind(term.monomial[0].generator) == Generator::kI;
      if (imaginary) fmpq_neg(term.coefficient.get(), term.coefficient.get());
    }
  }
  return Times(inner, &conjugate) && RationalPower(conjugate, Rational(1, 2), out);
}

bool FormBuilder::RootOfPower(NodeId id, Form* out) {
  const NodeId inner = tree_.Kid(id, 0);
  if (tree_[inner].kind != Kind::kPower) return false;
  const auto exponent = RationalValue(tree_, tree_.Kid(inner, 1), budget_);
  const auto degree = RationalValue(tree_, tree_.Kid(id, 1), budget_);
  int64_t m = 0, n = 0;
  if (!exponent || !degree || !exponent->ToInt(&m) || !degree->ToInt(&n) || n < 1 || m < 1 || m % n != 0)
    return false;
  const int sign = RealSign(tree_, tree_.Kid(inner, 0), options_.log_is_natural, budget_);
  Form base;
  if (sign == 0 || !Build(tree_.Kid(inner, 0), &base)) return false;
  if (sign < 0 && n % 2 == 0) NegateTerms(&base.top);
  return IntegerPower(std::move(base), m / n, out);
}

bool FormBuilder::FunctionForm(NodeId id, Function function, Form* out) {
  switch (function) {
    case Function::kSin:
    case Function::kCos:
    case Function::kTan:
    case Function::kCot:
    case Function::kSec:
    case Function::kCsc:
      return Trigonometric(id, function, out);
    case Function::kLn: {
      Form inner;
      if (LogarithmOfPower(tree_.Kid(id, 0), out)) return true;
      return Build(tree_.Kid(id, 0), &inner) && Logarithm(inner, out);
    }
    case Function::kLog:
      return LogarithmToBase(id, out);
    case Function::kExp: {
      Form inner;
      return Build(tree_.Kid(id, 0), &inner) && Exponential(inner, out);
    }
    case Function::kAbs:
      return Absolute(id, out);
    case Function::kRoot: {
      Form base, degree;
      Rational n;
      if (RootOfPower(id, out)) return true;
      if (!Build(tree_.Kid(id, 0), &base) || !Build(tree_.Kid(id, 1), &degree)) return false;
      if (!RationalOf(degree, &n)) return kernels_ != nullptr && KernelFunction(id, function, out);
      if (!n.is_integer() || n.sign() <= 0) return false;
      if (n.is_one()) return *out = std::move(base), true;
      fmpq_inv(n.get(), n.get());
      return RationalPower(base, n, out);
    }
    default: {
      // Of numbers alone; an index of a sum is none.
      const auto value = RationalValue(tree_, id, budget_);
      if (value) return Constant(*value, out);
      return kernels_ != nullptr && KernelFunction(id, function, out);
    }
  }
}

}  // namespace drover::verifier
