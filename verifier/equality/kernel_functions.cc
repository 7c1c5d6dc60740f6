// Circular, hyperbolic and inverse functions, gamma, floors, and functions that are only named, as forms with kernels.
#include "verifier/equality/form_builder.h"

namespace drover::verifier {
namespace {

constexpr int64_t kMaxShift = 64;  // of gamma's argument
constexpr int64_t kMaxSumTerms = 2'000;

}  // namespace

// a + times * b.
bool FormBuilder::Combine(Form a, const Rational& times, const Form& b, Form* out) {
  if (!AddScaled(b, times, &a)) return false;
  *out = std::move(a);
  return true;
}

bool FormBuilder::KernelCircular(Function function, const Form& x, Form* out) {
  Form turned = x, up, down, sine, cosine;
  const Terms i = GeneratorTerms(GeneratorKey(Generator::kI));
  if (!kernels_->Canonical(&turned) || !MultiplyTerms(turned.top, i, budget_, &turned.top)) return false;
  Form back = turned;
  NegateTerms(&back.top);
  if (!KernelExponential(turned, &up) || !KernelExponential(back, &down)) return false;
  if (!Combine(up, Rational(1), down, &cosine) || !Combine(up, Rational(-1), down, &sine)) return false;
  Terms half_i = i;
  half_i[0].coefficient = Rational(-1, 2);
  if (!MultiplyTerms(sine.top, half_i, budget_, &sine.top) || !Scale(Rational(1, 2), &cosine)) return false;
  Form one, inverse;
  if (!Constant(Rational(1), &one)) return false;
  const auto divide = [&](Form top, const Form& bottom) {
    if (!Invert(bottom, &inverse) || !Times(inverse, &top)) return false;
    *out = std::move(top);
    return true;
  };
  switch (function) {
    case Function::kSin:
      return *out = std::move(sine), true;
    case Function::kCos:
      return *out = std::move(cosine), true;
    case Function::kTan:
      return divide(std::move(sine), cosine);
    case Function::kCot:
      return divide(std::move(cosine), sine);
    case Function::kSec:
      return divide(std::move(one), cosine);
    default:
      return divide(std::move(one), sine);
  }
}

bool FormBuilder::KernelHyperbolic(Function function, const Form& x, Form* out) {
  Form argument = x, up, down, sine, cosine;
  if (!kernels_->Canonical(&argument)) return false;
  Form back = argument;
  NegateTerms(&back.top);
  if (!KernelExponential(argument, &up) || !KernelExponential(back, &down)) return false;
  if (!Combine(up, Rational(1), down, &cosine) || !Combine(up, Rational(-1), down, &sine)) return false;
  if (!Scale(Rational(1, 2), &sine) || !Scale(Rational(1, 2), &cosine)) return false;
  Form one;
  if (!Constant(Rational(1), &one)) return false;
  const bool over_sine = function == Function::kCoth || function == Function::kCsch;
  const bool top_one = function == Function::kSech || function == Function::kCsch;
  const bool top_cosine = function == Function::kCosh || function == Function::kCoth;
  Form top = top_one ? one : top_cosine ? cosine : sine;
  if (function == Function::kSinh || function == Function::kCosh) return *out = std::move(top), true;
  Form inverse;
  if (!Invert(over_sine ? std::move(sine) : std::move(cosine), &inverse) || !Times(inverse, &top))
    return false;
  *out = std::move(top);
  return true;
}

// arsinh x = ln(x + sqrt(x^2+1)), arcosh x = ln(x + sqrt(x^2-1)), artanh x = ln((1+x)/(1-x))/2.
bool FormBuilder::AreaFunction(Function function, const Form& x, Form* out) {
  Form one, inner, root;
  if (!Constant(Rational(1), &one)) return false;
  if (function == Function::kArtanh) {
    Form above, below, inverse;
    if (!Combine(one, Rational(1), x, &above) || !Combine(one, Rational(-1), x, &below) ||
        !Invert(std::move(below), &inverse) || !Times(inverse, &above))
      return false;
    return KernelLogarithm(std::move(above), out) && Scale(Rational(1, 2), out);
  }
  Form square = x;
  if (!Times(x, &square)) return false;
  if (!Combine(std::move(square), Rational(function == Function::kArsinh ? 1 : -1), one, &inner))
    return false;
  return RationalPower(inner, Rational(1, 2), &root) && Add(x, &root) &&
         KernelLogarithm(std::move(root), out);
}

// Arcs by the arctangent's and the arccosine's relations to others; the argument's first coefficient is positive.
bool FormBuilder::KernelArc(Function function, Form x, Form* out) {
  if (!kernels_->Canonical(&x)) return false;
  const bool inverted =
      function == Function::kArccot || function == Function::kArcsec || function == Function::kArccsc;
  if (inverted) {
    Form inverse;
    if (!Invert(std::move(x), &inverse)) return false;
    x = std::move(inverse);
    function = function == Function::kArccot   ? Function::kArctan
               : function == Function::kArcsec ? Function::kArccos
                                               : Function::kArcsin;
  }
  if (x.top.empty() && function != Function::kArccos) return Constant(Rational(0), out);
  const bool cosine = function == Function::kArccos;
  if (cosine) function = Function::kArcsin;
  const bool negative = !x.top.empty() && x.top[0].coefficient.sign() * x.bottom[0].coefficient.sign() < 0;
  if (negative) NegateTerms(&x.top);
  Form value;
  const bool one = IsOne(x), constant = kernels_->IsConstant(x);
  if (x.top.empty()) {
    if (!Constant(Rational(0), &value)) return false;
  } else if (one) {
    const Rational part = function == Function::kArctan ? Rational(1, 4) : Rational(1, 2);
    if (!Constant(part, &value) || !TimesPi(&value)) return false;
  } else if (function == Function::kArcsin && constant) {
    // arcsin x = arctan(x / sqrt(1-x^2)), for the proofs about arcs of numbers
    Form ones, square = x, inner, root, inverse;
    if (!Constant(Rational(1), &ones) || !Times(x, &square) ||
        !Combine(std::move(ones), Rational(-1), square, &inner) ||
        !RationalPower(inner, Rational(1, 2), &root) || !kernels_->IsReal(root) ||
        !Invert(std::move(root), &inverse) || !Times(inverse, &x) || !kernels_->Canonical(&x))
      return false;
    if (!KernelCall(static_cast<uint64_t>(Function::kArctan), {x}, true, &value)) return false;
  } else if (!KernelCall(static_cast<uint64_t>(function), {x}, kernels_->IsReal(x), &value)) {
    return false;
  }
  if (negative) NegateTerms(&value.top);
  if (!cosine) return *out = std::move(value), true;
  Form quarter;
  return Constant(Rational(1, 2), &quarter) && TimesPi(&quarter) &&
         Combine(std::move(quarter), Rational(-1), value, out);
}

// gamma(x + k) = gamma(x) x (x+1) ... (x+k-1): the argument's constant is brought into [0,1).
bool FormBuilder::KernelGamma(Form x, Form* out) {
  if (!kernels_->Canonical(&x) || !EqualTerms(x.bottom, One())) return false;
  Rational constant;
  for (const Term& term : x.top) {
    if (term.monomial.empty()) constant = term.coefficient;
  }
  Rational shift;
  fmpz_fdiv_q(shift.num(), constant.num(), constant.den());
  int64_t k = 0;
  if (!shift.ToInt(&k) || std::abs(k) > kMaxShift) return false;
  Form one, base, product;
  if (!Constant(Rational(1), &one) || !Combine(x, Rational(-k), one, &base)) return false;
  if (base.top.empty()) {  // an integer: (k-1)!
    if (k < 1) return false;
    Rational value(1);
    fmpz_fac_ui(value.num(), static_cast<ulong>(k - 1));
    return Constant(value, out);
  }
  if (!Constant(Rational(1), &product)) return false;
  for (int64_t i = k < 0 ? k : 0; i < (k < 0 ? 0 : k); ++i) {
    Form factor;
    if (!Combine(base, Rational(i), one, &factor) || !Times(factor, &product)) return false;
  }
  if (k < 0) {
    Form inverse;
    if (!Invert(std::move(product), &inverse)) return false;
    product = std::move(inverse);
  }
  return KernelCall(static_cast<uint64_t>(Function::kGamma), {base}, kernels_->IsReal(base), out) &&
         Times(product, out);
}

// floor(x + k) = floor(x) + k.
bool FormBuilder::KernelFloor(Form x, Form* out) {
  if (!kernels_->Canonical(&x)) return false;
  if (EqualTerms(x.bottom, One()) && kernels_->IsIntegral(x.top)) return *out = std::move(x), true;
  Rational shift;
  if (EqualTerms(x.bottom, One())) {
    for (const Term& term : x.top) {
      if (term.monomial.empty()) fmpz_fdiv_q(shift.num(), term.coefficient.num(), term.coefficient.den());
    }
  }
  Form one;
  Rational minus = shift;
  fmpq_neg(minus.get(), minus.get());
  return Constant(Rational(1), &one) && AddScaled(one, minus, &x) &&
         KernelCall(static_cast<uint64_t>(Function::kFloor), {x}, kernels_->IsReal(x), out) &&
         AddScaled(one, shift, out);
}

bool FormBuilder::KernelExtreme(NodeId id, bool largest, Form* out) {
  if (!Build(tree_.Kid(id, 0), out) || !kernels_->Canonical(out)) return false;
  for (uint32_t i = 1; i < tree_[id].count; ++i) {
    Form next, difference;
    if (!Build(tree_.Kid(id, i), &next) || !kernels_->Canonical(&next) ||
        !Combine(next, Rational(-1), *out, &difference) || !kernels_->Canonical(&difference))
      return false;
    const auto sign = SignOf(difference);
    if (!sign) return false;
    if ((*sign > 0) == largest) *out = std::move(next);
  }
  return true;
}

bool FormBuilder::KernelPart(Function function, const Form& x, Form* out) {
  Form conjugate;
  if (!kernels_->Conjugate(x.top, &conjugate.top) || !kernels_->Conjugate(x.bottom, &conjugate.bottom))
    return false;
  if (function == Function::kConj) return *out = std::move(conjugate), true;
  const bool imaginary = function == Function::kIm;
  if (!Combine(x, Rational(imaginary ? -1 : 1), conjugate, out)) return false;
  Terms half = imaginary ? GeneratorTerms(GeneratorKey(Generator::kI)) : One();
  half[0].coefficient = Rational(imaginary ? -1 : 1, 2);
  return MultiplyTerms(out->top, half, budget_, &out->top);
}

bool FormBuilder::KernelCall(uint64_t name, std::vector<Form> arguments, bool real, Form* out) {
  Kernel kernel{.kind = Kernel::Kind::kCall, .name = name};
  kernel.real = real;
  for (Form& argument : arguments) {
    if (!kernels_->Canonical(&argument)) return false;
    kernel.real = kernel.real && kernels_->IsReal(argument);
  }
  kernel.arguments = std::move(arguments);
  const auto generator = kernels_->Add(std::move(kernel));
  return generator && Set(GeneratorTerms(*generator), out);
}

bool FormBuilder::KernelFunction(NodeId id, Function function, Form* out) {
  const uint32_t count = tree_[id].count;
  if (function == Function::kMax || function == Function::kMin)
    return count > 0 && KernelExtreme(id, function == Function::kMax, out);
  std::vector<Form> x(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (!Build(tree_.Kid(id, i), &x[i])) return false;
  }
  if (count == 0) return false;
  switch (function) {
    case Function::kSinh:
    case Function::kCosh:
    case Function::kTanh:
    case Function::kCoth:
    case Function::kSech:
    case Function::kCsch:
      return KernelHyperbolic(function, x[0], out);
    case Function::kArsinh:
    case Function::kArcosh:
    case Function::kArtanh:
      return AreaFunction(function, x[0], out);
    case Function::kArcsin:
    case Function::kArccos:
    case Function::kArctan:
    case Function::kArccot:
    case Function::kArcsec:
    case Function::kArccsc:
      return KernelArc(function, x[0], out);
    case Function::kSign:
      return KernelSign(std::move(x[0]), out);
    case Function::kFloor:
      return KernelFloor(std::move(x[0]), out);
    case Function::kCeil:
      return KernelCeiling(std::move(x[0]), out);
    case Function::kGamma:
      return KernelGamma(std::move(x[0]), out);
    case Function::kFactorial:
      return KernelFactorial(x[0], out);
    case Function::kBinomial:
      return KernelBinomial(x[0], x[1], out);
    case Function::kRoot:
      return count == 2 && RootOfDegree(tree_.Kid(id, 0), x[1], out);
    case Function::kConj:
    case Function::kRe:
    case Function::kIm:
      return kernels_->Canonical(&x[0]) && KernelPart(function, x[0], out);
    default:
      return KernelCall(static_cast<uint64_t>(function), std::move(x), false, out);
  }
}

bool FormBuilder::KernelSign(Form x, Form* out) {
  const auto sign = kernels_->Canonical(&x) ? SignOf(x) : std::nullopt;
  return sign && Constant(Rational(*sign), out);
}

bool FormBuilder::KernelCeiling(Form x, Form* out) {
  NegateTerms(&x.top);
  if (!KernelFloor(std::move(x), out)) return false;
  NegateTerms(&out->top);
  return true;
}

bool FormBuilder::KernelFactorial(const Form& x, Form* out) {
  Form one, shifted;
  return Constant(Rational(1), &one) && Combine(x, Rational(1), one, &shifted) &&
         KernelGamma(std::move(shifted), out);
}

// gamma(n+1) / (gamma(k+1) gamma(n-k+1))
bool FormBuilder::KernelBinomial(const Form& n, const Form& k, Form* out) {
  Form one, shifted, rest, below, beside, inverse;
  if (!Constant(Rational(1), &one) || !Combine(n, Rational(1), one, &shifted) || !KernelGamma(shifted, out) ||
      !Combine(shifted, Rational(-1), k, &rest) || !KernelGamma(std::move(rest), &beside) ||
      !Combine(k, Rational(1), one, &shifted) || !KernelGamma(std::move(shifted), &below) ||
      !Times(beside, &below))
    return false;
  return Invert(std::move(below), &inverse) && Times(inverse, out) && kernels_->Canonical(out);
}

// Of a symbolic degree.
bool FormBuilder::RootOfDegree(NodeId base, const Form& degree, Form* out) {
  Form inverse;
  return Invert(degree, &inverse) && SymbolicPower(base, inverse, out);
}

// A sum or product over integers with plain bounds.
bool FormBuilder::FiniteSum(NodeId id, Form* out) {
  const Node node = tree_[id];
  const std::string& name = tree_.texts[node.value];
  const bool product = name[0] == 'p';
  if ((name[0] != 's' && !product) || node.count != 3) return false;
  const bool upper_first = name[1] == '^';
  const NodeId lower = tree_.Kid(id, upper_first ? 1 : 0), upper = tree_.Kid(id, upper_first ? 0 : 1);
  const Node range = tree_[lower];
  if (range.kind != Kind::kRelation || range.count != 2 || tree_[tree_.Kid(lower, 0)].kind != Kind::kSymbol)
    return false;
  const auto first = RationalValue(tree_, tree_.Kid(lower, 1), budget_);
  const auto last = RationalValue(tree_, upper, budget_);
  int64_t from = 0, to = 0;
  if (!first || !last || !first->ToInt(&from) || !last->ToInt(&to)) return false;
  if (to - from > kMaxSumTerms) return budget_.Exceed();
  if (!Constant(Rational(product ? 1 : 0), out)) return false;
  bound_.emplace_back(tree_[tree_.Kid(lower, 0)].value, from);
  bool built = true;
  for (int64_t k = from; k <= to && built; ++k) {
    Form item;
    bound_.back().second = k;
    built = Build(tree_.Kid(id, 2), &item) && (product ? Times(item, out) : Add(item, out));
  }
  bound_.pop_back();
  return built;
}

}  // namespace drover::verifier
