#include "verifier/form.h"

#include <cstdlib>
#include <optional>

#include "verifier/ball.h"
#include "verifier/rational.h"
#include "verifier/terms.h"

namespace drover::verifier {
namespace {

const Terms& One() {
  static const Terms& one = *new Terms(ConstantTerms(Rational(1)));
  return one;
}

class Builder {
 public:
  Builder(const Tree& tree, const FormOptions& options, Budget& budget)
      : tree_(tree), options_(options), budget_(budget) {}

  bool Build(NodeId id, Form* out) {
    const Node& node = tree_[id];
    if (!budget_.Spend(1)) return false;
    switch (node.kind) {
      case Kind::kNumber:
        return Constant(tree_.numbers[node.value].value, out);
      case Kind::kSymbol:
        return Set(GeneratorTerms(GeneratorKey(Generator::kSymbol, node.value)), out);
      case Kind::kConstant:
        return NamedConstant(node.value, out);
      case Kind::kSum:
        return Sum(id, out);
      case Kind::kProduct:
        return Product(id, out);
      case Kind::kNegate:
        if (!Build(tree_.Kid(id, 0), out)) return false;
        NegateTerms(&out->top);
        return true;
      case Kind::kInverse: {
        Form inner;
        return Build(tree_.Kid(id, 0), &inner) && Invert(std::move(inner), out);
      }
      case Kind::kPower:
        return Power(id, out);
      case Kind::kPercent:
        return Build(tree_.Kid(id, 0), out) && Scale(Rational(1, 100), out);
      case Kind::kDegree:
        return Build(tree_.Kid(id, 0), out) && Scale(Rational(1, 180), out) && TimesPi(out);
      case Kind::kFunction:
        return FunctionForm(id, static_cast<Function>(node.value), out);
      default:
        return false;
    }
  }

 private:
  bool Set(Terms top, Form* out) {
    out->top = std::move(top);
    out->bottom = One();
    return true;
  }
  bool Constant(const Rational& value, Form* out) { return Set(ConstantTerms(value), out); }

  bool NamedConstant(uint32_t value, Form* out) {
    switch (static_cast<verifier::Constant>(value)) {
      case verifier::Constant::kPi:
        out->has_pi = true;
        return Set(GeneratorTerms(GeneratorKey(Generator::kPi)), out);
      case verifier::Constant::kE:
        out->has_e = true;
        return Set(GeneratorTerms(GeneratorKey(Generator::kE)), out);
      case verifier::Constant::kI:
        return Set(GeneratorTerms(GeneratorKey(Generator::kI)), out);
      default:
        return false;
    }
  }

  static void MergeFlags(const Form& from, Form* to) {
    to->has_pi = to->has_pi || from.has_pi;
    to->has_e = to->has_e || from.has_e;
    to->has_log = to->has_log || from.has_log;
  }

  bool Scale(const Rational& factor, Form* out) {
    return MultiplyTerms(out->top, ConstantTerms(factor), budget_, &out->top);
  }
  bool TimesPi(Form* out) {
    out->has_pi = true;
    return MultiplyTerms(out->top, GeneratorTerms(GeneratorKey(Generator::kPi)), budget_, &out->top);
  }

  bool Add(const Form& term, Form* sum) {
    MergeFlags(term, sum);
    if (EqualTerms(term.bottom, sum->bottom)) return AddTerms(sum->top, term.top, budget_, &sum->top);
    Terms left, right;
    return MultiplyTerms(sum->top, term.bottom, budget_, &left) &&
           MultiplyTerms(term.top, sum->bottom, budget_, &right) &&
           AddTerms(left, right, budget_, &sum->top) &&
           MultiplyTerms(sum->bottom, term.bottom, budget_, &sum->bottom);
  }

  bool Times(const Form& factor, Form* product) {
    MergeFlags(factor, product);
    if (!MultiplyTerms(product->top, factor.top, budget_, &product->top)) return false;
    if (EqualTerms(factor.bottom, One())) return true;
    return MultiplyTerms(product->bottom, factor.bottom, budget_, &product->bottom);
  }

  bool Sum(NodeId id, Form* out) {
    const uint32_t count = tree_[id].count;
    if (!Constant(Rational(0), out)) return false;
    for (uint32_t i = 0; i < count; ++i) {
      Form term;
      if (!Build(tree_.Kid(id, i), &term) || !Add(term, out)) return false;
    }
    return true;
  }

  bool Product(NodeId id, Form* out) {
    const uint32_t count = tree_[id].count;
    if (!Constant(Rational(1), out)) return false;
    for (uint32_t i = 0; i < count; ++i) {
      Form factor;
      if (!Build(tree_.Kid(id, i), &factor) || !Times(factor, out)) return false;
    }
    return true;
  }

  // 1/form: a single-term top is inverted exactly, so that most denominators stay 1.
  bool Invert(Form form, Form* out) {
    if (form.top.empty()) return false;
    MergeFlags(form, out);
    if (form.top.size() > 1) {
      out->top = std::move(form.bottom);
      out->bottom = std::move(form.top);
      return true;
    }
    Term& term = form.top[0];
    Terms inverse(1);
    fmpq_inv(inverse[0].coefficient.get(), term.coefficient.get());
    for (Factor factor : term.monomial) {
      if (GeneratorKind(factor.generator) == Generator::kLog) {
        out->top = std::move(form.bottom);
        out->bottom = std::move(form.top);
        return true;
      }
      factor.num = -factor.num;
      inverse[0].monomial.push_back(factor);
    }
    out->bottom = One();
    return MultiplyTerms(form.bottom, inverse, budget_, &out->top);
  }

  bool RationalOf(const Form& form, Rational* out) {
    Rational bottom;
    if (!AsRational(form.top, out) || !AsRational(form.bottom, &bottom) || bottom.is_zero()) return false;
    fmpq_div(out->get(), out->get(), bottom.get());
    return true;
  }

  bool IntegerPower(Form base, int64_t n, Form* out) {
    if (n < 0) {
      Form inverse;
      if (!Invert(std::move(base), &inverse)) return false;
      base = std::move(inverse);
      n = -n;
    }
    MergeFlags(base, out);
    if (n == 0 && base.top.empty()) return false;
    return PowerTerms(base.top, n, budget_, &out->top) && PowerTerms(base.bottom, n, budget_, &out->bottom);
  }

  bool Power(NodeId id, Form* out) {
    const NodeId base_id = tree_.Kid(id, 0);
    Form exponent;
    if (!Build(tree_.Kid(id, 1), &exponent)) return false;
    Rational q;
    const bool natural = tree_[base_id].kind == Kind::kConstant &&
                         static_cast<verifier::Constant>(tree_[base_id].value) == verifier::Constant::kE;
    if (natural && !RationalOf(exponent, &q)) return Exponential(exponent, out);
    Form base;
    if (!RationalOf(exponent, &q) || !Build(base_id, &base)) return false;
    int64_t n = 0;
    if (q.ToInt(&n))
      return n > -(int64_t{1} << 40) && n < (int64_t{1} << 40) && IntegerPower(std::move(base), n, out);
    return RationalPower(base, q, out);
  }

  // e^(c1 ln p1 + c2 ln p2 + ...), and e^(i pi q) by the table of cosines.
  bool Exponential(const Form& exponent, Form* out) {
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

  // A one-term form without bottom as a term; roots need it.
  static const Term* SingleTerm(const Form& form) {
    const bool single = form.top.size() == 1 && EqualTerms(form.bottom, One());
    return single ? &form.top[0] : nullptr;
  }

  bool RationalPower(const Form& base, const Rational& q, Form* out) {
    if (!fmpz_fits_si(q.num()) || !fmpz_fits_si(q.den())) return false;
    const int64_t p = fmpz_get_si(q.num()), n = fmpz_get_si(q.den());
    if (n > 4096 || std::abs(p) > (1 << 20)) return false;
    if (base.top.empty()) return p > 0 && Constant(Rational(0), out);
    MergeFlags(base, out);
    Form denested;
    const Term* term = SingleTerm(base);
    if (term == nullptr) {
      if (n != 2 || !Denest(base, &denested)) return false;
      MergeFlags(denested, out);
      return IntegerPower(std::move(denested), p, out);
    }
    Term positive = *term;
    const bool negative = positive.coefficient.sign() < 0;
    if (negative) {
      if (n != 2 && n % 2 == 0) return false;
      fmpq_neg(positive.coefficient.get(), positive.coefficient.get());
    }
    Terms root;
    if (!RootTerm(positive, static_cast<int32_t>(p), static_cast<int32_t>(n), budget_, &root)) return false;
    if (negative && n == 2) {
      const Terms i = GeneratorTerms(GeneratorKey(Generator::kI), static_cast<int32_t>(p));
      if (!MultiplyTerms(root, i, budget_, &root)) return false;
    } else if (negative && p % 2 != 0) {
      NegateTerms(&root);
    }
    return Set(std::move(root), out);
  }

  // sqrt(a + b sqrt(c)) = sqrt((a+d)/2) +- sqrt((a-d)/2) when d = sqrt(a^2 - b^2 c) is rational.
  bool Denest(const Form& base, Form* out) {
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

  // sin(pi q) for q a multiple of 1/12.
  bool SineOfPi(const Rational& q, Terms* out) {
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

  // q when the form is q pi.
  bool MultipleOfPi(const Form& form, Rational* out) {
    if (form.top.empty()) return *out = Rational(0), true;
    const Term* term = SingleTerm(form);
    if (term == nullptr || term->monomial.size() != 1) return false;
    const Factor& f = term->monomial[0];
    if (GeneratorKind(f.generator) != Generator::kPi || f.num != 1 || f.den != 1) return false;
    *out = term->coefficient;
    return true;
  }

  bool Trigonometric(NodeId id, Function function, Form* out) {
    Form argument;
    Rational q;
    if (!Build(tree_.Kid(id, 0), &argument) || !MultipleOfPi(argument, &q)) return false;
    Rational shifted = q;
    fmpq_add(shifted.get(), shifted.get(), Rational(1, 2).get());
    Form sine, cosine;
    sine.bottom = cosine.bottom = One();
    if (!SineOfPi(q, &sine.top) || !SineOfPi(shifted, &cosine.top)) return false;
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

  // ln of a positive one-term form: sums of rational multiples of ln p, and the powers of e.
  bool Logarithm(const Form& form, Form* out) {
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

  // ln(e^x) is x for real x.
  bool LogarithmOfPower(NodeId id, Form* out) {
    const NodeId base = tree_[id].kind == Kind::kPower ? tree_.Kid(id, 0) : kNoNode;
    const bool power = base != kNoNode && tree_[base].kind == Kind::kConstant &&
                       static_cast<verifier::Constant>(tree_[base].value) == verifier::Constant::kE;
    const bool exponential =
        tree_[id].kind == Kind::kFunction && static_cast<Function>(tree_[id].value) == Function::kExp;
    if (!power && !exponential) return false;
    const NodeId exponent = tree_.Kid(id, power ? 1 : 0);
    return RealSign(tree_, exponent, options_.log_is_natural, budget_) != 0 && Build(exponent, out);
  }

  bool LogarithmToBase(NodeId id, Form* out) {
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

  // |z|^2 = z conj(z), all generators but i being real.
  bool Absolute(NodeId id, Form* out) {
    Form inner;
    if (!Build(tree_.Kid(id, 0), &inner)) return false;
    if (const int sign = RealSign(tree_, tree_.Kid(id, 0), options_.log_is_natural, budget_); sign != 0) {
      if (sign < 0) NegateTerms(&inner.top);
      return *out = std::move(inner), true;
    }
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

  // "sqrt(x^4)", when x has a sign and the root divides the exponent: x^2.
  bool RootOfPower(NodeId id, Form* out) {
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

  bool FunctionForm(NodeId id, Function function, Form* out) {
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
        if (!Build(tree_.Kid(id, 0), &base) || !Build(tree_.Kid(id, 1), &degree) || !RationalOf(degree, &n))
          return false;
        if (!n.is_integer() || n.sign() <= 0) return false;
        if (n.is_one()) return *out = std::move(base), true;
        fmpq_inv(n.get(), n.get());
        return RationalPower(base, n, out);
      }
      default: {
        const auto value = RationalValue(tree_, id, budget_);
        return value && Constant(*value, out);
      }
    }
  }

  const Tree& tree_;
  const FormOptions& options_;
  Budget& budget_;
};

void PrintFactor(const Factor& f, const Names& names, std::string* out) {
  static constexpr const char* kNames[] = {"i", "", "pi", "e", "ln", ""};
  const Generator kind = GeneratorKind(f.generator);
  const uint64_t payload = GeneratorPayload(f.generator);
  *out += kNames[static_cast<int>(kind)];
  if (kind == Generator::kPrime || kind == Generator::kLog) *out += std::to_string(payload);
  if (kind == Generator::kSymbol) *out += names[static_cast<uint32_t>(payload)];
  if (f.num == 1 && f.den == 1) return;
  if (f.den == 1 && f.num > 0) {
    *out += '^' + std::to_string(f.num);
    return;
  }
  *out += "^(" + std::to_string(f.num);
  if (f.den != 1) *out += '/' + std::to_string(f.den);
  *out += ')';
}

// "x^2 - 3*2^(1/2)": signs between terms, no coefficient 1.
void Print(const Terms& terms, const Names& names, std::string* out) {
  if (terms.empty()) *out += '0';
  for (size_t i = 0; i < terms.size() && out->size() < 2000; ++i) {
    Rational coefficient = terms[i].coefficient;
    if (coefficient.sign() < 0) {
      *out += i == 0 ? "-" : " - ";
      fmpq_neg(coefficient.get(), coefficient.get());
    } else if (i > 0) {
      *out += " + ";
    }
    bool first = coefficient.is_one() && !terms[i].monomial.empty();
    if (!first) *out += coefficient.ToString();
    for (const Factor& f : terms[i].monomial) {
      if (!first) *out += '*';
      first = false;
      PrintFactor(f, names, out);
    }
  }
}

}  // namespace

bool BuildForm(const Tree& tree, NodeId id, const FormOptions& options, Budget& budget, Form* out) {
  return Builder(tree, options, budget).Build(id, out) && !out->bottom.empty();
}

FormVerdict CompareForms(const Form& a, const Form& b, Budget& budget) {
  bool equal = false;
  if (EqualTerms(a.bottom, b.bottom)) {
    equal = EqualTerms(a.top, b.top);
  } else {
    Terms left, right;
    if (!MultiplyTerms(a.top, b.bottom, budget, &left) || !MultiplyTerms(b.top, a.bottom, budget, &right)) {
      return FormVerdict::kUnknown;
    }
    equal = EqualTerms(left, right);
  }
  if (equal) return FormVerdict::kEqual;
  Form both = a;
  both.has_pi = a.has_pi || b.has_pi;
  both.has_e = a.has_e || b.has_e;
  both.has_log = a.has_log || b.has_log;
  return both.decides() ? FormVerdict::kDifferent : FormVerdict::kUnknown;
}

std::string ToString(const Form& form, const Names& names) {
  std::string out;
  Print(form.top, names, &out);
  if (EqualTerms(form.bottom, One())) return out;
  out += " / (";
  Print(form.bottom, names, &out);
  return out + ')';
}

}  // namespace drover::verifier
