#include "verifier/equality/rational.h"

#include <vector>

namespace drover::verifier {
namespace {

class RationalEvaluator {
 public:
  RationalEvaluator(const Tree& tree, Budget& budget) : tree_(tree), budget_(budget) {}

  bool Value(NodeId id, Rational* out) {
    const Node& node = tree_[id];
    if (!budget_.Spend(1)) return false;
    switch (node.kind) {
      case Kind::kNumber:
        *out = tree_.numbers[node.value].value;
        return true;
      case Kind::kSum:
        return Sum(id, out);
      case Kind::kProduct:
        return Product(id, out);
      case Kind::kNegate:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        fmpq_neg(out->get(), out->get());
        return true;
      case Kind::kInverse:
        if (!Value(tree_.Kid(id, 0), out) || out->is_zero()) return false;
        fmpq_inv(out->get(), out->get());
        return true;
      case Kind::kPower:
        return Power(id, out);
      case Kind::kPercent:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        fmpq_div_fmpz(out->get(), out->get(), Rational(100).num());
        return true;
      case Kind::kFunction:
        return FunctionValue(id, static_cast<Function>(node.value), out);
      default:
        return false;
    }
  }

 private:
  bool Fits(const Rational& value) {
    return value.bits() <= budget_.limits().bits ? budget_.SpendBits(value.bits()) : budget_.Exceed();
  }

  bool Sum(NodeId id, Rational* out) {
    const uint32_t count = tree_[id].count;
    Rational sum, term;
    for (uint32_t i = 0; i < count; ++i) {
      if (!Value(tree_.Kid(id, i), &term)) return false;
      fmpq_add(sum.get(), sum.get(), term.get());
      if (!Fits(sum)) return false;
    }
    *out = std::move(sum);
    return true;
  }

  bool Product(NodeId id, Rational* out) {
    const uint32_t count = tree_[id].count;
    Rational product(1), factor;
    for (uint32_t i = 0; i < count; ++i) {
      if (!Value(tree_.Kid(id, i), &factor)) return false;
      fmpq_mul(product.get(), product.get(), factor.get());
      if (!Fits(product)) return false;
    }
    *out = std::move(product);
    return true;
  }

  bool Power(NodeId id, Rational* out) {
    Rational base, exponent;
    if (!Value(tree_.Kid(id, 0), &base) || !Value(tree_.Kid(id, 1), &exponent)) return false;
    if (base.is_zero() && exponent.sign() <= 0) return false;
    int64_t n = 0;
    if (exponent.ToInt(&n)) return PowerWithin(base, n, budget_, out);
    if (exponent.is_integer()) {  // too large to be an int64
      if (base.is_one() || base.is_zero()) return *out = base, true;
      return budget_.Exceed();
    }
    if (!fmpz_fits_si(exponent.num()) || !fmpz_fits_si(exponent.den()) ||
        fmpz_cmp_si(exponent.den(), 4096) > 0) {
      return false;
    }
    if (base.sign() < 0) return false;
    const auto root = ExactRoot(base, fmpz_get_si(exponent.den()));
    return root && PowerWithin(*root, fmpz_get_si(exponent.num()), budget_, out);
  }

  // All arguments as int64 in [low, high].
  bool Integers(NodeId id, int64_t low, int64_t high, std::vector<int64_t>* out) {
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      Rational value;
      int64_t n = 0;
      if (!Value(tree_.Kid(id, i), &value)) return false;
      if (!value.is_integer() || value.sign() < 0) return false;
      if (!value.ToInt(&n) || n > high) return budget_.Exceed();
      if (n < low) return false;
      out->push_back(n);
    }
    return true;
  }

  bool FunctionValue(NodeId id, Function function, Rational* out) {
    std::vector<int64_t> n;
    fmpz_one(out->den());
    switch (function) {
      case Function::kAbs:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        fmpq_abs(out->get(), out->get());
        return true;
      case Function::kSign:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        *out = Rational(out->sign());
        return true;
      case Function::kFloor:
      case Function::kCeil:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        (function == Function::kFloor ? fmpz_fdiv_q : fmpz_cdiv_q)(out->num(), out->num(), out->den());
        fmpz_one(out->den());
        return true;
      case Function::kFactorial:
      case Function::kDoubleFactorial:
        if (!Integers(id, 0, kMaxFactorial, &n) || !budget_.Spend(1 + n[0] * n[0] / 4096)) return false;
        return Factorial(n[0], function == Function::kFactorial ? 1 : 2, out);
      case Function::kBinomial:
        return Binomial(id, out);
      case Function::kRoot: {
        Rational degree;
        int64_t order = 0;
        if (!Value(tree_.Kid(id, 0), out) || !Value(tree_.Kid(id, 1), &degree)) return false;
        if (!degree.ToInt(&order) || order < 1 || order > 4096) return false;
        auto root = ExactRoot(*out, order);
        if (!root) return false;
        *out = std::move(*root);
        return true;
      }
      case Function::kGcd:
      case Function::kLcm:
      case Function::kMax:
      case Function::kMin:
        return Fold(id, function, out);
      case Function::kConj:
      case Function::kRe:
        return Value(tree_.Kid(id, 0), out);
      default:
        return false;
    }
  }

  static bool Factorial(int64_t n, int64_t step, Rational* out) {
    if (step == 1) {
      fmpz_fac_ui(out->num(), static_cast<ulong>(n));
      return true;
    }
    fmpz_one(out->num());
    for (; n > 1; n -= step) fmpz_mul_si(out->num(), out->num(), n);
    return true;
  }

  bool Binomial(NodeId id, Rational* out) {
    std::vector<int64_t> n;
    if (!Integers(id, 0, int64_t{1} << 40, &n)) return false;
    if (n[1] > n[0]) return *out = Rational(0), true;
    const int64_t k = n[1] < n[0] - n[1] ? n[1] : n[0] - n[1];
    if (k > kMaxFactorial || (n[0] > kMaxFactorial && k > 200)) return budget_.Exceed();
    if (!budget_.Spend(1 + k * k / 4096)) return false;
    fmpz_one(out->num());
    if (n[0] <= kMaxFactorial) {
      fmpz_bin_uiui(out->num(), static_cast<ulong>(n[0]), static_cast<ulong>(k));
      return true;
    }
    for (int64_t i = 0; i < k; ++i) {
      fmpz_mul_si(out->num(), out->num(), n[0] - i);
      fmpz_divexact_si(out->num(), out->num(), i + 1);
    }
    return true;
  }

  bool Fold(NodeId id, Function function, Rational* out) {
    Rational next;
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      if (!Value(tree_.Kid(id, i), &next)) return false;
      const bool integers = function == Function::kGcd || function == Function::kLcm;
      if (integers && !next.is_integer()) return false;
      if (i == 0) {
        *out = next;
      } else if (function == Function::kGcd) {
        fmpz_gcd(out->num(), out->num(), next.num());
      } else if (function == Function::kLcm) {
        fmpz_lcm(out->num(), out->num(), next.num());
      } else if ((next < *out) == (function == Function::kMin)) {
        *out = next;
      }
      if (!Fits(*out)) return false;
    }
    return true;
  }

  static constexpr int64_t kMaxFactorial = 5'000;  // 5000! has 54,233 bits

  const Tree& tree_;
  Budget& budget_;
};

}  // namespace

std::optional<Rational> RationalValue(const Tree& tree, NodeId id, Budget& budget) {
  Rational value;
  if (!RationalEvaluator(tree, budget).Value(id, &value)) return std::nullopt;
  return value;
}

bool PowerWithin(const Rational& base, int64_t exponent, Budget& budget, Rational* out) {
  if (exponent < 0 && base.is_zero()) return false;
  const bool unit = base.is_zero() || (fmpz_is_pm1(base.num()) && base.is_integer());
  if (unit) {
    const bool odd = exponent % 2 != 0;
    *out = exponent == 0 ? Rational(1) : odd ? base : Rational(base.is_zero() ? 0 : 1);
    return true;
  }
  if (exponent > budget.limits().bits || exponent < -budget.limits().bits) return budget.Exceed();
  const int64_t size = exponent < 0 ? -exponent : exponent;
  if (base.bits() * size > 2 * budget.limits().bits) return budget.Exceed();
  // A power of size 2b bits may still fit: 2^n has n+1 bits, and bits() counts one too many per factor.
  if ((base.bits() - 1) * size > budget.limits().bits) return budget.Exceed();
  if (!budget.SpendBits(base.bits() * size)) return false;
  fmpq_pow_si(out->get(), base.get(), exponent);
  return true;
}

std::optional<Rational> ExactRoot(const Rational& value, int64_t n) {
  if (n == 1) return value;
  if (value.sign() < 0 && n % 2 == 0) return std::nullopt;
  Rational magnitude = value, out;
  fmpq_abs(magnitude.get(), magnitude.get());
  const bool exact =
      fmpz_root(out.num(), magnitude.num(), n) != 0 && fmpz_root(out.den(), magnitude.den(), n) != 0;
  if (!exact) return std::nullopt;
  if (value.sign() < 0) fmpq_neg(out.get(), out.get());
  return out;
}

}  // namespace drover::verifier
