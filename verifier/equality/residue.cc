#include "verifier/equality/residue.h"

#include <algorithm>
#include <cmath>

#include "verifier/cas.h"
#include "verifier/equality/rational.h"

namespace drover::verifier {
namespace {

constexpr uint64_t kFirstPrime = 4611686018427387847u;  // the largest below 2^62

uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

class ResidueEvaluator {
 public:
  ResidueEvaluator(const Tree& tree, uint64_t prime, uint64_t key, Budget& budget)
      : tree_(tree), key_(key), budget_(budget) {
    nmod_init(&mod_, prime);
  }

  bool Value(NodeId id, uint64_t* out) {
    const Node& node = tree_[id];
    if (!budget_.Spend(1)) return false;
    switch (node.kind) {
      case Kind::kNumber: {
        const Rational& value = tree_.numbers[node.value].value;
        const uint64_t den = fmpz_fdiv_ui(value.den(), mod_.n);
        if (den == 0) return false;
        *out = nmod_div(fmpz_fdiv_ui(value.num(), mod_.n), den, mod_);
        return true;
      }
      case Kind::kSymbol:
        *out = Random(node.value + 16);
        return true;
      case Kind::kConstant:
        has_constants_ = true;
        if (static_cast<Constant>(node.value) != Constant::kPi &&
            static_cast<Constant>(node.value) != Constant::kE) {
          return false;
        }
        *out = Random(node.value);
        return true;
      case Kind::kSum:
      case Kind::kProduct:
        return Fold(id, out);
      case Kind::kNegate:
        if (!Value(tree_.Kid(id, 0), out)) return false;
        *out = nmod_neg(*out, mod_);
        return true;
      case Kind::kInverse:
        if (!Value(tree_.Kid(id, 0), out) || *out == 0) return false;
        *out = nmod_inv(*out, mod_);
        return true;
      case Kind::kPower:
        return Power(id, out);
      default: {
        const auto value = RationalValue(tree_, id, budget_);
        if (!value || fmpz_fdiv_ui(value->den(), mod_.n) == 0) return false;
        *out = nmod_div(fmpz_fdiv_ui(value->num(), mod_.n), fmpz_fdiv_ui(value->den(), mod_.n), mod_);
        return true;
      }
    }
  }
  bool has_constants() const { return has_constants_; }

 private:
  uint64_t Random(uint64_t name) const { return Mix(key_ ^ Mix(name)) % mod_.n; }

  bool Fold(NodeId id, uint64_t* out) {
    const bool product = tree_[id].kind == Kind::kProduct;
    uint64_t total = product ? 1 : 0;
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      uint64_t item = 0;
      if (!Value(tree_.Kid(id, i), &item)) return false;
      total = product ? nmod_mul(total, item, mod_) : nmod_add(total, item, mod_);
    }
    *out = total;
    return true;
  }

  bool Power(NodeId id, uint64_t* out) {
    const auto exponent = RationalValue(tree_, tree_.Kid(id, 1), budget_);
    if (!exponent || !exponent->is_integer() || !Value(tree_.Kid(id, 0), out)) return false;
    if (*out == 0 && exponent->sign() <= 0) return false;
    const uint64_t reduced = fmpz_fdiv_ui(exponent->num(), mod_.n - 1);
    *out = *out == 0 ? 0 : nmod_pow_ui(*out, reduced, mod_);
    return true;
  }

  const Tree& tree_;
  const uint64_t key_;
  Budget& budget_;
  nmod_t mod_;
  bool has_constants_ = false;
};

// Bounds of a rational expression as a quotient of polynomials with integer coefficients: the degrees, and log2 of the
// sums of the coefficients' sizes.
struct Size {
  double top_degree = 0, bottom_degree = 0, top_height = 0, bottom_height = 0;
};

class Measure {
 public:
  Measure(const Tree& tree, Budget& budget) : tree_(tree), budget_(budget) {}

  bool Of(NodeId id, Size* out) {
    const Node& node = tree_[id];
    if (!budget_.Spend(1)) return false;
    switch (node.kind) {
      case Kind::kNumber:
        *out = OfNumber(tree_.numbers[node.value].value);
        return true;
      case Kind::kSymbol:
      case Kind::kConstant:
        *out = {.top_degree = 1};
        return true;
      case Kind::kSum:
      case Kind::kProduct:
        return Fold(id, node.kind == Kind::kSum, out);
      case Kind::kNegate:
        return Of(tree_.Kid(id, 0), out);
      case Kind::kInverse:
        if (!Of(tree_.Kid(id, 0), out)) return false;
        std::swap(out->top_degree, out->bottom_degree);
        std::swap(out->top_height, out->bottom_height);
        return true;
      case Kind::kPower: {
        const auto exponent = RationalValue(tree_, tree_.Kid(id, 1), budget_);
        if (!exponent || !exponent->is_integer() || !Of(tree_.Kid(id, 0), out)) return false;
        const double n = std::abs(fmpz_get_d(exponent->num()));
        if (exponent->sign() < 0) {
          std::swap(out->top_degree, out->bottom_degree);
          std::swap(out->top_height, out->bottom_height);
        }
        for (double* part : {&out->top_degree, &out->bottom_degree, &out->top_height, &out->bottom_height})
          *part *= n;
        return true;
      }
      default: {
        const auto value = RationalValue(tree_, id, budget_);
        if (value) *out = OfNumber(*value);
        return value.has_value();
      }
    }
  }

 private:
  static Size OfNumber(const Rational& value) {
    return {.top_height = static_cast<double>(fmpz_bits(value.num())),
            .bottom_height = static_cast<double>(fmpz_bits(value.den()))};
  }

  // The largest of a sum's terms over the common denominator.
  bool Fold(NodeId id, bool sum, Size* out) {
    Size total;
    for (uint32_t i = 0; i < tree_[id].count; ++i) {
      Size item;
      if (!Of(tree_.Kid(id, i), &item)) return false;
      const auto join = [&](double total_top, double item_top, double total_bottom, double item_bottom) {
        return sum ? std::max(total_top + item_bottom, item_top + total_bottom) : total_top + item_top;
      };
      total.top_degree = join(total.top_degree, item.top_degree, total.bottom_degree, item.bottom_degree);
      total.top_height =
          join(total.top_height, item.top_height, total.bottom_height, item.bottom_height) + (sum ? 1 : 0);
      total.bottom_degree += item.bottom_degree;
      total.bottom_height += item.bottom_height;
    }
    *out = total;
    return true;
  }

  const Tree& tree_;
  Budget& budget_;
};

struct Residues {
  bool equal = false;
  bool has_constants = false;
};

std::optional<Residues> At(const Operand& a, const Operand& b, uint64_t prime, uint64_t key, Budget& budget) {
  ResidueEvaluator left(*a.tree, prime, key, budget), right(*b.tree, prime, key, budget);
  uint64_t x = 0, y = 0;
  if (!left.Value(a.id, &x) || !right.Value(b.id, &y)) return std::nullopt;
  return Residues{x == y, left.has_constants() || right.has_constants()};
}

}  // namespace

// Why equal residues are enough. a - b over a common denominator has a numerator N of degree at most D with coefficients of
// at most H bits together. Let N not be zero. The next prime p after a number drawn from [2^61, 2^62)
// divides all of its coefficients with a chance under (H/61) 2^-50, since they have no more than H/61 prime factors of that
// size, and none of these follows a gap of 2^11; if it does not, a point drawn from the residues is a zero of N modulo p with a chance of at most D/p (Schwartz 1980, Zippel 1979).
// Rounds are independent, and there are as many as it takes to bring the chance of all below 2^-64.
ResidueVerdict CompareResidues(const Operand& a, const Operand& b, uint64_t key, Budget& budget) {
  constexpr double kWantedBits = 64;
  constexpr double kMinBitsOfRound = 16;
  // Most expressions are no polynomials or differ at the first look.
  const auto first = At(a, b, kFirstPrime, key, budget);
  if (!first) return ResidueVerdict::kUnknown;
  if (!first->equal) return first->has_constants ? ResidueVerdict::kUnknown : ResidueVerdict::kDifferent;
  Size left, right;
  if (!Measure(*a.tree, budget).Of(a.id, &left) || !Measure(*b.tree, budget).Of(b.id, &right))
    return ResidueVerdict::kUnknown;
  const double degree =
      std::max(left.top_degree + right.bottom_degree, right.top_degree + left.bottom_degree);
  const double height =
      std::max(left.top_height + right.bottom_height, right.top_height + left.bottom_height) + 1;
  const double chance = degree * std::exp2(-61) + height / 61 * std::exp2(-50);
  const double bits = -std::log2(chance);
  if (!(bits >= kMinBitsOfRound)) return ResidueVerdict::kUnknown;
  for (int round = 0; round * bits < kWantedBits; ++round) {
    if (!budget.Spend(50)) return ResidueVerdict::kUnknown;
    const uint64_t drawn = Mix(key ^ Mix(static_cast<uint64_t>(round) + 1));
    const uint64_t prime =
        n_nextprime((uint64_t{1} << 61) + drawn % ((uint64_t{1} << 61) - 4096), /*proved=*/0);
    const auto next = At(a, b, prime, drawn, budget);
    if (!next) return ResidueVerdict::kUnknown;
    if (!next->equal) return next->has_constants ? ResidueVerdict::kUnknown : ResidueVerdict::kDifferent;
  }
  return ResidueVerdict::kEqual;
}

}  // namespace drover::verifier
