#include "verifier/residue.h"

#include "verifier/cas.h"
#include "verifier/rational.h"

namespace drover::verifier {
namespace {

// The largest primes below 2^62.
constexpr uint64_t kPrimes[2] = {4611686018427387847u, 4611686018427387817u};

class Evaluator {
 public:
  Evaluator(const Tree& tree, int round, Budget& budget) : tree_(tree), round_(round), budget_(budget) {
    nmod_init(&mod_, kPrimes[round]);
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
  uint64_t Random(uint64_t key) const {
    uint64_t x = (key + 1) * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(round_) * 0xD1B54A32D192ED03u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (x ^ (x >> 31)) % mod_.n;
  }

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
  const int round_;
  Budget& budget_;
  nmod_t mod_;
  bool has_constants_ = false;
};

}  // namespace

std::optional<Residue> EvaluateResidue(const Tree& tree, NodeId id, int round, Budget& budget) {
  Evaluator evaluator(tree, round, budget);
  Residue out;
  if (!evaluator.Value(id, &out.value)) return std::nullopt;
  out.has_constants = evaluator.has_constants();
  return out;
}

}  // namespace drover::verifier
