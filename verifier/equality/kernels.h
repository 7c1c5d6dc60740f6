// The functions that stand beside symbols and constants in a normal form: exponentials, roots of polynomials, logarithms,
// and functions that are only named (arctan, gamma, f). Two expressions that become the same quotient of polynomials in
// their kernels are equal wherever both have a value, whatever relations the kernels may have.
//
// Roots and logarithms need signs. A sign that is not proved is decided one way, remembered in the path, and decided the
// other way by Advance(): the caller goes through all cells into which the kinks cut the domain.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "verifier/equality/form.h"
#include "verifier/equality/terms.h"

namespace drover::verifier {

// Kernel::name of an unknown function is this and its name's id; of a known one its Function.
constexpr uint64_t kNamedFunction = uint64_t{1} << 32;

struct Kernel {
  enum class Kind : uint8_t {
    kUnity,        // e^(i pi): its powers are the roots of unity
    kExponential,  // e to a monomial over a denominator
    kPower,        // |f|: its powers of exponents in (0,1) are roots of the polynomial f
    kRoot,         // the principal root, of degree `order`, of a complex polynomial
    kLogarithm,    // ln|f|
    kCall,         // a function by its name
  };
  Kind kind = Kind::kUnity;
  bool real = false;       // its values are real where the symbols' are
  bool constant = false;   // there are no symbols in it
  bool algebraic = false;  // an algebraic integer
  bool parity = false;     // e^(i pi n) for an integer n: its square is 1
  int sign = 1;            // kPower: sign * f is positive
  int32_t order = 1;       // kRoot
  uint64_t name = 0;       // kCall
  std::vector<Form> arguments;
};

// A polynomial as number * units * factors. Units are powers of one generator; the factors have at least two terms,
// coprime integer coefficients, a positive first one, and are irreducible unless they were too large to be factored.
struct Factored {
  Rational number;
  Monomial units;
  std::vector<std::pair<Terms, int64_t>> factors;
};

// What the comparison knows about its symbols.
struct Domain {
  std::vector<uint32_t> integers;  // symbols that are positive integers
  bool complex_symbols = false;    // the others are complex numbers, else real ones
};

class Kernels {
 public:
  static constexpr size_t kMaxKinks = 6;
  static constexpr size_t kMaxKernels = 64;

  struct Kink {
    Terms function;
    int sign = 1;
  };

  Kernels(Domain domain, Budget& budget);

  // kernels.cc
  const Kernel& operator[](uint64_t index) const { return table_[index]; }
  // The generator of a kernel like `kernel`, or that of an equal one; nullopt: the table is full.
  std::optional<uint64_t> Add(Kernel kernel);
  bool IsInteger(uint32_t symbol) const;
  bool IsConstant(const Terms& terms) const;
  bool IsConstant(const Form& form) const { return IsConstant(form.top) && IsConstant(form.bottom); }
  bool IsReal(const Terms& terms) const;
  bool IsRealGenerator(uint64_t generator) const;
  bool IsReal(const Form& form) const { return IsReal(form.top) && IsReal(form.bottom); }
  // Integer for all values of its symbols.
  bool IsIntegral(const Terms& terms) const;
  // False where a kernel's conjugate is not known.
  bool Conjugate(const Terms& terms, Terms* out) const;
  // Writes whole powers of roots as the polynomials that they are.
  bool Reduce(Terms* terms) const;
  // Multiplies by powers of roots until no exponent of one is negative; `other` is multiplied alike.
  bool ClearRoots(Terms* terms, Terms* other) const;
  bool Canonical(Form* form) const;

  // zero.cc
  // True: proved to be zero. The empty sum, or one whose algebraic coefficients are all zero by the bound for nonzero
  // algebraic integers, or a linear form in logarithms or arcs whose exponential is 1 and whose value is small.
  bool IsZero(Terms terms) const;
  bool AreEqual(const Form& a, const Form& b) const;
  // An enclosure of a constant.
  bool Evaluate(const Terms& terms, int64_t bits, Ball* out) const;
  bool Evaluate(const Form& form, int64_t bits, Ball* out) const;

  // factors.cc
  bool Factor(const Terms& terms, Factored* out) const;
  // Without the factors that top and bottom have in common: (x^2-1)/(x-1) as an argument is x+1.
  bool Cancel(Form* form) const;

  // signs.cc
  // 1, -1 or 0; nullopt: not real, or too many kinks.
  std::optional<int> Sign(const Terms& terms);
  std::optional<int> Sign(const Form& form);
  // To the next cell; false after the last.
  bool Advance();
  const std::vector<Kink>& path() const { return path_; }
  // True when no values of the symbols have the signs of the path, as far as can be told: `points` gets one value of the
  // only symbol for each interval between the kinks' roots, whatever their signs, where all kinks are polynomials in it.
  bool IsEmptyCell(std::vector<std::pair<uint32_t, Rational>>* points) const;
  std::vector<uint32_t> NegativeSymbols() const;
  bool too_many_kinks() const { return too_many_kinks_; }

  // A root or logarithm of something negative was taken since this was last cleared; the symbols in all such things.
  bool left_reals = false;
  std::vector<uint32_t> left_symbols;
  void LeaveReals(const Form& form);

  Budget& budget() const { return budget_; }

 private:
  bool SameKernel(const Kernel& a, const Kernel& b) const;
  std::optional<int> ConstantSign(const Terms& terms) const;
  std::optional<int> KnownGeneratorSign(uint64_t generator) const;
  std::optional<int> TermSign(const Term& term) const;
  std::optional<int> AlikeSign(const Terms& terms) const;
  std::optional<int> DefiniteSign(const Terms& terms, int depth) const;
  std::optional<int> QuadraticSign(const Terms& terms, uint64_t symbol, int depth) const;
  std::optional<int> FactorSign(const Terms& terms);
  std::optional<int> Ask(const Terms& terms);
  bool HasSignsAt(const Rational& at) const;

  // factors.cc
  bool Multiplied(const Factored& factored, Terms* out) const;
  bool FactorPlain(const Terms& terms, Factored* out) const;
  std::vector<uint64_t> Rotatable(const Terms& terms) const;
  bool FactorRotated(const Terms& terms, const std::vector<uint64_t>& rotated, Factored* out) const;

  bool AlgebraicZero(const Terms& terms) const;
  struct Orders;
  bool BoundOf(const Terms& terms, Orders* orders, double* log_bound) const;
  struct LinearForm;
  bool LogarithmicZero(const Terms& terms) const;
  bool AddToForm(uint64_t generator, int64_t n, LinearForm* form) const;
  bool TimesPower(const Terms& base, int64_t power, Terms* product) const;
  bool ExponentialValue(const Kernel& kernel, const struct Factor& power, int64_t bits, Ball* out) const;
  bool KernelValue(const Kernel& kernel, int64_t bits, Ball* out) const;
  bool GeneratorValue(const struct Factor& factor, int64_t bits, Ball* out) const;

  const Domain domain_;
  Budget& budget_;
  std::vector<Kernel> table_;
  std::vector<Kink> path_;
  bool too_many_kinks_ = false;
};

}  // namespace drover::verifier
