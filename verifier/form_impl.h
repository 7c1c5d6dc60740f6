// The construction of normal forms, private to form.cc and form_functions.cc.
#pragma once

#include <cstdint>

#include "verifier/form.h"
#include "verifier/rational.h"
#include "verifier/terms.h"

namespace drover::verifier {

inline const Terms& One() {
  static const Terms& one = *new Terms(ConstantTerms(Rational(1)));
  return one;
}

class FormBuilder {
 public:
  FormBuilder(const Tree& tree, const FormOptions& options, Budget& budget)
      : tree_(tree), options_(options), budget_(budget) {}

  bool Build(NodeId id, Form* out);

 private:
  bool Set(Terms top, Form* out);
  bool Constant(const Rational& value, Form* out) { return Set(ConstantTerms(value), out); }

  bool NamedConstant(uint32_t value, Form* out);

  static void MergeFlags(const Form& from, Form* to);

  bool Scale(const Rational& factor, Form* out) {
    return MultiplyTerms(out->top, ConstantTerms(factor), budget_, &out->top);
  }
  bool TimesPi(Form* out) {
    out->has_pi = true;
    return MultiplyTerms(out->top, GeneratorTerms(GeneratorKey(Generator::kPi)), budget_, &out->top);
  }

  bool Add(const Form& term, Form* sum);

  bool Times(const Form& factor, Form* product);

  bool Sum(NodeId id, Form* out);

  bool Product(NodeId id, Form* out);

  // 1/form: a single-term top is inverted exactly, so that most denominators stay 1.
  bool Invert(Form form, Form* out);

  bool RationalOf(const Form& form, Rational* out);

  bool IntegerPower(Form base, int64_t n, Form* out);

  bool Power(NodeId id, Form* out);

  // e^(c1 ln p1 + c2 ln p2 + ...), and e^(i pi q) by the table of cosines.
  bool Exponential(const Form& exponent, Form* out);

  // A one-term form without bottom as a term; roots need it.
  static const Term* SingleTerm(const Form& form) {
    const bool single = form.top.size() == 1 && EqualTerms(form.bottom, One());
    return single ? &form.top[0] : nullptr;
  }

  bool RationalPower(const Form& base, const Rational& q, Form* out);

  // sqrt(a + b sqrt(c)) = sqrt((a+d)/2) +- sqrt((a-d)/2) when d = sqrt(a^2 - b^2 c) is rational.
  bool Denest(const Form& base, Form* out);

  // sin(pi q) for q a multiple of 1/12.
  bool SineOfPi(const Rational& q, Terms* out);

  // q when the form is q pi.
  bool MultipleOfPi(const Form& form, Rational* out);

  bool Trigonometric(NodeId id, Function function, Form* out);

  // ln of a positive one-term form: sums of rational multiples of ln p, and the powers of e.
  bool Logarithm(const Form& form, Form* out);

  // ln(e^x) is x for real x.
  bool LogarithmOfPower(NodeId id, Form* out);

  bool LogarithmToBase(NodeId id, Form* out);

  // |z|^2 = z conj(z), all generators but i being real.
  bool Absolute(NodeId id, Form* out);

  // "sqrt(x^4)", when x has a sign and the root divides the exponent: x^2.
  bool RootOfPower(NodeId id, Form* out);

  bool FunctionForm(NodeId id, Function function, Form* out);

  const Tree& tree_;
  const FormOptions& options_;
  Budget& budget_;
};

}  // namespace drover::verifier
