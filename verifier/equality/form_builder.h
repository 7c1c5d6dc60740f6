// The construction of normal forms, private to form_builder.cc, form_functions.cc and kernel_*.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "verifier/equality/form.h"
#include "verifier/equality/kernels.h"
#include "verifier/equality/rational.h"
#include "verifier/equality/terms.h"

namespace drover::verifier {

class FormBuilder {
 public:
  // With `kernels`, functions that have no form of their own become kernels; without, they end the construction.
  FormBuilder(const Tree& tree, const FormOptions& options, Budget& budget, Kernels* kernels = nullptr)
      : tree_(tree), options_(options), budget_(budget), kernels_(kernels) {}

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

  // kernel_parts.cc.
  // A real form as a product. What is real only together (the factors of 1 - cos^2 x in exponentials) is one factor: the real
  // function that it is the square of, or the whole.
  struct Parts {
    Rational number{1};
    std::vector<Factor> units;                       // of real generators
    std::vector<std::pair<Terms, int64_t>> factors;  // real polynomials
  };
  bool SplitParts(const Form& form, Parts* out);
  std::optional<int> PartsSign(const Parts& parts);
  std::optional<int> SignOf(const Form& form);
  bool AddFactors(const Factored& factored, int64_t power, Parts* out);
  bool AddWhole(Terms whole, int64_t power, Parts* out);
  bool AddSquare(const Monomial& units, const std::vector<std::pair<Terms, int64_t>>& factors, int64_t power,
                 Parts* out);

  // kernel_powers.cc: |A|, A^q, e^A and ln A as kernels.
  bool OfArc(const Monomial& monomial, Form* out);
  bool KernelExponential(Form exponent, Form* out);
  bool TimesJointExponential(const Terms& sum, const Terms& bottom, Form* out);
  bool TimesExponential(const Monomial& m, const Rational& c, const Terms* bottom, Form* out);
  bool IsLogarithmKernel(const Factor& factor) const;
  bool TimesPowerOfSize(Terms f, const Rational& c, Form* out);
  bool TurnBy(const Rational& c, Terms* out);
  Kernel ExponentialKernel(const Monomial& m, const Terms* bottom) const;
  bool KernelPower(Form base, const Rational& q, Form* out);
  bool RealPower(const Parts& parts, const Rational& q, Form* out);
  bool WholeFactorPower(const Terms& factor, const Rational& q, Form* out);
  bool UnitPower(const Factor& unit, const Rational& q, Form* out);
  bool PrincipalRoot(const Form& base, int64_t p, int64_t n, Form* out);
  bool SymbolicPower(NodeId base, const Form& exponent, Form* out);
  bool KernelAbsolute(Form form, Form* out);
  bool KernelLogarithm(Form form, Form* out);
  bool LogarithmOfFactor(const Terms& factor, const Rational& times, Form* out);
  bool AddScaled(const Form& term, const Rational& times, Form* out);

  // kernel_functions.cc: all other functions as kernels.
  bool KernelFunction(NodeId id, Function function, Form* out);
  bool KernelCircular(Function function, const Form& x, Form* out);
  bool KernelHyperbolic(Function function, const Form& x, Form* out);
  bool KernelArc(Function function, Form x, Form* out);
  bool AreaFunction(Function function, const Form& x, Form* out);
  bool KernelGamma(Form x, Form* out);
  bool KernelFactorial(const Form& x, Form* out);
  bool KernelBinomial(const Form& n, const Form& k, Form* out);
  bool RootOfDegree(NodeId base, const Form& degree, Form* out);
  bool KernelSign(Form x, Form* out);
  bool KernelFloor(Form x, Form* out);
  bool KernelCeiling(Form x, Form* out);
  bool KernelExtreme(NodeId id, bool largest, Form* out);
  bool KernelPart(Function function, const Form& x, Form* out);
  bool KernelCall(uint64_t name, std::vector<Form> arguments, bool real, Form* out);
  bool Combine(Form a, const Rational& times, const Form& b, Form* out);
  bool FiniteSum(NodeId id, Form* out);

  bool IsOne(const Form& form) const { return EqualTerms(form.bottom, One()) && EqualTerms(form.top, One()); }

  const Tree& tree_;
  const FormOptions& options_;
  Budget& budget_;
  Kernels* const kernels_;
  std::vector<std::pair<uint32_t, int64_t>> bound_;  // indices of the sums that are open
};

}  // namespace drover::verifier
