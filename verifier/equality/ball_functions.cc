// Functions, roots, unknown functions, finite sums and products in balls.
#include <string>

#include "verifier/equality/ball_evaluator.h"
#include "verifier/equality/rational.h"

namespace drover::verifier {

void BallEvaluator::Root(const Ball& base, int64_t n, Ball* out) {
  const bool negative = IsNegative(base);
  left_reals_ = left_reals_ || (negative && n % 2 == 0);
  if (negative && n % 2 != 0) {
    Ball positive;
    acb_neg(positive.get(), base.get());
    acb_root_ui(out->get(), positive.get(), static_cast<ulong>(n), bits_);
    acb_neg(out->get(), out->get());
  } else {
    acb_root_ui(out->get(), base.get(), static_cast<ulong>(n), bits_);
  }
}

BallStatus BallEvaluator::FunctionValue(NodeId id, Function function, Ball* out) {
  const uint32_t count = tree_[id].count;
  std::vector<Ball> x(count);
  for (uint32_t i = 0; i < count; ++i) {
    const BallStatus status = Value(tree_.Kid(id, i), &x[i]);
    if (status != BallStatus::kOk) return status;
  }
  if (count == 0) return BallStatus::kUnsupported;
  return count == 1 ? OneArgument(function, x[0], out) : MoreArguments(function, x, id, out);
}

BallStatus BallEvaluator::OneArgument(Function function, const Ball& x, Ball* out) {
  acb_struct* z = out->get();
  const acb_struct* a = x.get();
  const bool growing =
      function == Function::kExp || (function >= Function::kSinh && function <= Function::kCsch);
  if (!budget_.Spend(bits_ / 64)) return BallStatus::kUndefined;
  if (Exceeds(a, growing ? kMaxExpBits : kMaxTrigBits)) return BallStatus::kUndefined;
  if (function <= Function::kCsc && acb_is_real(a) == 0 && Exceeds(a, kMaxExpBits))
    return BallStatus::kUndefined;
  switch (function) {
    case Function::kSin:
      acb_sin(z, a, bits_);
      break;
    case Function::kCos:
      acb_cos(z, a, bits_);
      break;
    case Function::kTan:
      acb_tan(z, a, bits_);
      break;
    case Function::kCot:
      acb_cot(z, a, bits_);
      break;
    case Function::kSec:
      acb_sec(z, a, bits_);
      break;
    case Function::kCsc:
      acb_csc(z, a, bits_);
      break;
    case Function::kArcsin:
      acb_asin(z, a, bits_);
      break;
    case Function::kArccos:
      acb_acos(z, a, bits_);
      break;
    case Function::kArctan:
      acb_atan(z, a, bits_);
      break;
    case Function::kArccot:
      acb_inv(z, a, bits_), acb_atan(z, z, bits_);
      break;
    case Function::kArcsec:
      acb_inv(z, a, bits_), acb_acos(z, z, bits_);
      break;
    case Function::kArccsc:
      acb_inv(z, a, bits_), acb_asin(z, z, bits_);
      break;
    case Function::kSinh:
      acb_sinh(z, a, bits_);
      break;
    case Function::kCosh:
      acb_cosh(z, a, bits_);
      break;
    case Function::kTanh:
      acb_tanh(z, a, bits_);
      break;
    case Function::kCoth:
      acb_coth(z, a, bits_);
      break;
    case Function::kSech:
      acb_sech(z, a, bits_);
      break;
    case Function::kCsch:
      acb_csch(z, a, bits_);
      break;
    case Function::kArsinh:
      acb_asinh(z, a, bits_);
      break;
    case Function::kArcosh:
      acb_acosh(z, a, bits_);
      break;
    case Function::kArtanh:
      acb_atanh(z, a, bits_);
      break;
    case Function::kExp:
      acb_exp(z, a, bits_);
      break;
    case Function::kLn:
      return Log(x, out);
    case Function::kLog: {
      if (options_.log_is_natural) return Log(x, out);
      Ball ten;
      acb_set_si(ten.get(), 10);
      acb_log(ten.get(), ten.get(), bits_);
      const BallStatus status = Log(x, out);
      acb_div(z, z, ten.get(), bits_);
      return status;
    }
    case Function::kAbs:
      acb_abs(out->real(), a, bits_);
      arb_zero(out->imag());
      break;
    case Function::kSign:
      acb_sgn(z, a, bits_);
      break;
    case Function::kFloor:
      acb_real_floor(z, a, 0, bits_);
      break;
    case Function::kCeil:
      acb_real_ceil(z, a, 0, bits_);
      break;
    case Function::kRe:
      acb_set_arb(z, x.real());
      break;
    case Function::kIm:
      acb_set_arb(z, x.imag());
      break;
    case Function::kConj:
      acb_conj(z, a);
      break;
    case Function::kArg: {
      Ball angle;
      acb_arg(angle.real(), a, bits_);
      *out = std::move(angle);
      break;
    }
    case Function::kFactorial:
    case Function::kGamma:
      if (Exceeds(a, 20)) return BallStatus::kUndefined;
      if (function == Function::kGamma) {
        acb_gamma(z, a, bits_);
      } else {
        acb_add_ui(z, a, 1, bits_);
        acb_gamma(z, z, bits_);
      }
      return budget_.Spend(100) ? BallStatus::kOk : BallStatus::kUndefined;
    default:
      return BallStatus::kUnsupported;
  }
  return BallStatus::kOk;
}

BallStatus BallEvaluator::Log(const Ball& x, Ball* out) {
  if (acb_contains_zero(x.get()) != 0) return BallStatus::kUndefined;
  left_reals_ = left_reals_ || IsNegative(x);
  acb_log(out->get(), x.get(), bits_);
  return BallStatus::kOk;
}

BallStatus BallEvaluator::MoreArguments(Function function, const std::vector<Ball>& x, NodeId id, Ball* out) {
  switch (function) {
    case Function::kLog: {
      Ball base;
      if (Log(x[1], &base) != BallStatus::kOk || Log(x[0], out) != BallStatus::kOk)
        return BallStatus::kUndefined;
      acb_div(out->get(), out->get(), base.get(), bits_);
      return BallStatus::kOk;
    }
    case Function::kRoot: {
      const auto degree = ExactExponent(tree_.Kid(id, 1));
      int64_t n = 0;
      if (degree && degree->ToInt(&n) && n > 0 && n < (1 << 20)) {
        Root(x[0], n, out);
        return BallStatus::kOk;
      }
      Ball exponent;
      acb_inv(exponent.get(), x[1].get(), bits_);
      if (!acb_is_finite(exponent.get()) || Exceeds(exponent.get(), kMaxExpBits))
        return BallStatus::kUndefined;
      acb_pow(out->get(), x[0].get(), exponent.get(), bits_);
      return BallStatus::kOk;
    }
    case Function::kBinomial: {
      if (Exceeds(x[0].get(), 20) || Exceeds(x[1].get(), 20)) return BallStatus::kUndefined;
      // gamma(n+1) / (gamma(k+1) gamma(n-k+1))
      Ball k, rest;
      acb_add_ui(out->get(), x[0].get(), 1, bits_);
      acb_gamma(out->get(), out->get(), bits_);
      acb_add_ui(k.get(), x[1].get(), 1, bits_);
      acb_rgamma(k.get(), k.get(), bits_);
      acb_sub(rest.get(), x[0].get(), x[1].get(), bits_);
      acb_add_ui(rest.get(), rest.get(), 1, bits_);
      acb_rgamma(rest.get(), rest.get(), bits_);
      acb_mul(out->get(), out->get(), k.get(), bits_);
      acb_mul(out->get(), out->get(), rest.get(), bits_);
      return budget_.Spend(300) ? BallStatus::kOk : BallStatus::kUndefined;
    }
    case Function::kMax:
    case Function::kMin:
      *out = x[0];
      for (size_t i = 1; i < x.size(); ++i) {
        if (acb_is_real(x[i].get()) == 0 || acb_is_real(out->get()) == 0) return BallStatus::kUndefined;
        (function == Function::kMax ? arb_max : arb_min)(out->real(), out->real(), x[i].real(), bits_);
      }
      return BallStatus::kOk;
    default:
      return BallStatus::kUnsupported;
  }
}

BallStatus BallEvaluator::Apply(NodeId id, Ball* out) {
  const verifier::Node node = tree_[id];
  Ball total, x;
  for (uint32_t i = 0; i < node.count; ++i) {
    const BallStatus status = Value(tree_.Kid(id, i), &x);
    if (status != BallStatus::kOk) return status;
    const uint64_t hash = Mix(node.value * 104729u + i * 31u + 5);
    acb_mul_si(x.get(), x.get(), static_cast<slong>(1 + hash % 1009), bits_);
    acb_div_si(x.get(), x.get(), 499, bits_);
    acb_add_si(x.get(), x.get(), static_cast<slong>(hash >> 32 & 0xFF), bits_);
    if (Exceeds(x.get(), acb_is_real(x.get()) != 0 ? kMaxTrigBits : kMaxExpBits))
      return BallStatus::kUndefined;
    acb_cos(x.get(), x.get(), bits_);
    acb_add(total.get(), total.get(), x.get(), bits_);
    acb_mul_si(total.get(), total.get(), 3, bits_);
  }
  *out = std::move(total);
  return BallStatus::kOk;
}

BallStatus BallEvaluator::BigOperator(NodeId id, Ball* out) {
  const verifier::Node node = tree_[id];
  const std::string& name = tree_.texts[node.value];
  const bool product = name[0] == 'p';
  if ((name[0] != 's' && !product) || node.count != 3) return BallStatus::kUnsupported;
  const bool upper_first = name[1] == '^';
  const NodeId lower = tree_.Kid(id, upper_first ? 1 : 0), upper = tree_.Kid(id, upper_first ? 0 : 1);
  const verifier::Node& range = tree_[lower];
  if (range.kind != Kind::kRelation || range.count != 2 || tree_[tree_.Kid(lower, 0)].kind != Kind::kSymbol) {
    return BallStatus::kUnsupported;
  }
  const auto first = ExactExponent(tree_.Kid(lower, 1)), last = ExactExponent(upper);
  int64_t from = 0, to = 0;
  if (!first || !last || !first->ToInt(&from) || !last->ToInt(&to)) return BallStatus::kUnsupported;
  if (to - from > kMaxSumTerms || to > kMaxGamma) return budget_.Exceed(), BallStatus::kUndefined;
  Ball total, item;
  acb_set_si(total.get(), product ? 1 : 0);
  bound_.emplace_back(tree_[tree_.Kid(lower, 0)].value, from);
  BallStatus status = BallStatus::kOk;
  for (int64_t k = from; k <= to && status == BallStatus::kOk; ++k) {
    bound_.back().second = k;
    status = Value(tree_.Kid(id, 2), &item);
    if (status == BallStatus::kOk) (product ? acb_mul : acb_add)(total.get(), total.get(), item.get(), bits_);
  }
  bound_.pop_back();
  *out = std::move(total);
  return status;
}

}  // namespace drover::verifier
