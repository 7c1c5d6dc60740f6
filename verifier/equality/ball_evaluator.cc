#include "verifier/equality/ball_evaluator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "verifier/equality/operand.h"
#include "verifier/equality/rational.h"

namespace drover::verifier {

BallStatus BallEvaluator::Value(NodeId id, Ball* out) {
  if (!budget_.Spend(1 + bits_ / 256)) return BallStatus::kUndefined;
  const BallStatus status = Node(id, out);
  if (status != BallStatus::kOk) return status;
  return acb_is_finite(out->get()) != 0 ? BallStatus::kOk : BallStatus::kUndefined;
}

bool BallEvaluator::Exceeds(const acb_struct* z, int64_t bits) {
  mag_t bound;
  mag_init(bound);
  acb_get_mag(bound, z);
  const bool exceeds = mag_cmp_2exp_si(bound, bits) > 0;
  mag_clear(bound);
  return exceeds;
}

void BallEvaluator::SymbolValue(uint32_t id, Ball* out) {
  for (const auto& [bound, value] : bound_) {
    if (bound == id) return acb_set_si(out->get(), value);
  }
  using K = SamplePoint::Kind;
  const SamplePoint& point = options_.point;
  const uint64_t hash = Mix(point.key ^ (id * 1000003u + point.index * 7919u + 17));
  if (point.kind == K::kGiven && id == point.symbol)
    return acb_set_fmpq(out->get(), point.value->get(), bits_);
  const std::vector<uint32_t>* integers = options_.integers;
  if (integers != nullptr && std::find(integers->begin(), integers->end(), id) != integers->end()) {
    const uint64_t range = point.kind == K::kWide || point.kind == K::kLarge ? 64 : 9;
    return acb_set_si(out->get(), static_cast<slong>(1 + hash % range + point.index % 8));
  }
  // A dyadic in (0.3, 2.9) that no small formula has.
  acb_set_si(out->get(), static_cast<slong>(0x4D000 + hash % 0x299999));
  acb_mul_2exp_si(out->get(), out->get(), -20);
  const slong scale = static_cast<slong>((hash >> 50) % 12);
  if (point.kind == K::kUnit) acb_div_si(out->get(), out->get(), 3, bits_);
  if (point.kind == K::kLarge) acb_mul_2exp_si(out->get(), out->get(), scale);
  if (point.kind == K::kWide) acb_mul_2exp_si(out->get(), out->get(), 2 * scale - 11);
  const bool either = point.kind == K::kMixed || point.kind == K::kWide;
  if (point.kind == K::kNegative || (either && (hash >> 40) % 2 == 0)) acb_neg(out->get(), out->get());
  if (point.kind == K::kComplex) {
    arb_set_si(out->imag(), static_cast<slong>(0x40000 + (hash >> 24) % 0x199999));
    arb_mul_2exp_si(out->imag(), out->imag(), -20);
  }
}

BallStatus BallEvaluator::Node(NodeId id, Ball* out) {
  const verifier::Node& node = tree_[id];
  switch (node.kind) {
    case Kind::kNumber:
      acb_set_fmpq(out->get(), tree_.numbers[node.value].value.get(), bits_);
      return BallStatus::kOk;
    case Kind::kSymbol:
      SymbolValue(node.value, out);
      return BallStatus::kOk;
    case Kind::kConstant:
      return ConstantValue(static_cast<Constant>(node.value), out);
    case Kind::kSum:
    case Kind::kProduct:
      return Fold(id, out);
    case Kind::kNegate:
    case Kind::kInverse:
    case Kind::kPercent:
    case Kind::kDegree:
      return Unary(id, node.kind, out);
    case Kind::kPower:
      return Power(id, out);
    case Kind::kFunction:
      return FunctionValue(id, static_cast<Function>(node.value), out);
    case Kind::kApply:
      return Apply(id, out);
    case Kind::kOpaque:
      return BigOperator(id, out);
    default:
      return BallStatus::kUnsupported;
  }
}

BallStatus BallEvaluator::ConstantValue(Constant constant, Ball* out) {
  switch (constant) {
    case Constant::kPi:
      acb_const_pi(out->get(), bits_);
      return BallStatus::kOk;
    case Constant::kE:
      acb_zero(out->get());
      arb_const_e(out->real(), bits_);
      return BallStatus::kOk;
    case Constant::kI:
      acb_onei(out->get());
      return BallStatus::kOk;
    case Constant::kInfinity:
      return BallStatus::kUndefined;
  }
  return BallStatus::kUnsupported;
}

BallStatus BallEvaluator::Fold(NodeId id, Ball* out) {
  const bool product = tree_[id].kind == Kind::kProduct;
  const uint32_t count = tree_[id].count;
  Ball total, item;
  acb_set_si(total.get(), product ? 1 : 0);
  for (uint32_t i = 0; i < count; ++i) {
    const BallStatus status = Value(tree_.Kid(id, i), &item);
    if (status != BallStatus::kOk) return status;
    (product ? acb_mul : acb_add)(total.get(), total.get(), item.get(), bits_);
  }
  *out = std::move(total);
  return BallStatus::kOk;
}

BallStatus BallEvaluator::Unary(NodeId id, Kind kind, Ball* out) {
  const BallStatus status = Value(tree_.Kid(id, 0), out);
  if (status != BallStatus::kOk) return status;
  if (kind == Kind::kNegate) {
    acb_neg(out->get(), out->get());
  } else if (kind == Kind::kInverse) {
    acb_inv(out->get(), out->get(), bits_);
  } else if (kind == Kind::kPercent) {
    acb_div_si(out->get(), out->get(), 100, bits_);
  } else {
    Ball pi;
    acb_const_pi(pi.get(), bits_);
    acb_mul(out->get(), out->get(), pi.get(), bits_);
    acb_div_si(out->get(), out->get(), 180, bits_);
  }
  return BallStatus::kOk;
}

std::optional<Rational> BallEvaluator::ExactExponent(NodeId id) {
  BudgetLimits small = budget_.limits();
  small.operations = 64;
  small.bits = 256;
  Budget budget(small);
  return RationalValue(tree_, id, budget);
}

BallStatus BallEvaluator::Power(NodeId id, Ball* out) {
  Ball base;
  BallStatus status = Value(tree_.Kid(id, 0), &base);
  if (status != BallStatus::kOk) return status;
  const auto exact = ExactExponent(tree_.Kid(id, 1));
  int64_t n = 0;
  if (exact && exact->ToInt(&n)) {
    if (n == 0 && acb_contains_zero(base.get()) != 0) return BallStatus::kUndefined;
    acb_pow_si(out->get(), base.get(), n, bits_);
    return Exceeds(out->get(), int64_t{1} << kMaxExpBits) ? BallStatus::kUndefined : BallStatus::kOk;
  }
  if (exact && fmpz_fits_si(exact->den()) && fmpz_fits_si(exact->num()) &&
      fmpz_cmp_si(exact->den(), 1 << 20) < 0) {
    Root(base, fmpz_get_si(exact->den()), out);
    acb_pow_si(out->get(), out->get(), fmpz_get_si(exact->num()), bits_);
    return BallStatus::kOk;
  }
  Ball exponent;
  status = Value(tree_.Kid(id, 1), &exponent);
  if (status != BallStatus::kOk) return status;
  if (Exceeds(exponent.get(), kMaxExpBits)) return BallStatus::kUndefined;
  const bool e = tree_[tree_.Kid(id, 0)].kind == Kind::kConstant &&
                 static_cast<Constant>(tree_[tree_.Kid(id, 0)].value) == Constant::kE;
  if (e) {
    acb_exp(out->get(), exponent.get(), bits_);
  } else {
    left_reals_ = left_reals_ || (IsNegative(base) && acb_is_int(exponent.get()) == 0);
    acb_pow(out->get(), base.get(), exponent.get(), bits_);
  }
  return BallStatus::kOk;
}

BallStatus EvaluateBall(const Tree& tree, NodeId id, const BallOptions& options, int64_t bits, Budget& budget,
                        Ball* out, bool* left_reals) {
  BallEvaluator evaluator(tree, options, bits, budget);
  const BallStatus status = evaluator.Value(id, out);
  if (left_reals != nullptr) *left_reals = evaluator.left_reals();
  return status;
}

int RealSign(const Tree& tree, NodeId id, bool log_is_natural, Budget& budget) {
  constexpr int64_t kBits = 128;
  if (!FreeSymbols({&tree, id}).empty()) return 0;
  Ball value;
  const BallOptions options{.log_is_natural = log_is_natural};
  if (EvaluateBall(tree, id, options, kBits, budget, &value) != BallStatus::kOk) return 0;
  if (acb_is_real(value.get()) == 0) return 0;
  return arb_is_positive(value.real()) != 0 ? 1 : arb_is_negative(value.real()) != 0 ? -1 : 0;
}

}  // namespace drover::verifier
