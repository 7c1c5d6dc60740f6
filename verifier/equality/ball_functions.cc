// Functions, roots, unknown functions, finite sums and products in balls.
#include <array>
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

namespace {

void Conjugate(acb_struct* z, const acb_struct* x, slong) { acb_conj(z, x); }
void RealPart(acb_struct* z, const acb_struct* x, slong) { acb_set_arb(z, acb_realref(x)); }
void ImaginaryPart(acb_struct* z, const acb_struct* x, slong) { acb_set_arb(z, acb_imagref(x)); }
void Absolute(acb_struct* z, const acb_struct* x, slong bits) {
  acb_abs(acb_realref(z), x, bits);
  arb_zero(acb_imagref(z));
}
void Argument(acb_struct* z, const acb_struct* x, slong bits) {
  acb_arg(acb_realref(z), x, bits);
  arb_zero(acb_imagref(z));
}
void Floor(acb_struct* z, const acb_struct* x, slong bits) { acb_real_floor(z, x, 0, bits); }
void Ceiling(acb_struct* z, const acb_struct* x, slong bits) { acb_real_ceil(z, x, 0, bits); }
template <void (*kOf)(acb_struct*, const acb_struct*, slong)>
void OfInverse(acb_struct* z, const acb_struct* x, slong bits) {
  acb_inv(z, x, bits);
  kOf(z, z, bits);
}

// Functions of one argument that have a value wherever Arb gives a finite one. The result is never where the argument is.
using BallFunction = void (*)(acb_struct*, const acb_struct*, slong);
constexpr auto kBallFunctions = [] {
  std::array<BallFunction, static_cast<size_t>(Function::kPermutations) + 1> table{};
  const auto set = [&table](Function function, BallFunction value) {
    table[static_cast<size_t>(function)] = value;
  };
  set(Function::kSin, acb_sin);
  set(Function::kCos, acb_cos);
  set(Function::kTan, acb_tan);
  set(Function::kCot, acb_cot);
  set(Function::kSec, acb_sec);
  set(Function::kCsc, acb_csc);
  set(Function::kArcsin, acb_asin);
  set(Function::kArccos, acb_acos);
  set(Function::kArctan, acb_atan);
  set(Function::kArccot, OfInverse<acb_atan>);
  set(Function::kArcsec, OfInverse<acb_acos>);
  set(Function::kArccsc, OfInverse<acb_asin>);
  set(Function::kSinh, acb_sinh);
  set(Function::kCosh, acb_cosh);
  set(Function::kTanh, acb_tanh);
  set(Function::kCoth, acb_coth);
  set(Function::kSech, acb_sech);
  set(Function::kCsch, acb_csch);
  set(Function::kArsinh, acb_asinh);
  set(Function::kArcosh, acb_acosh);
  set(Function::kArtanh, acb_atanh);
  set(Function::kExp, acb_exp);
  set(Function::kAbs, Absolute);
  set(Function::kSign, acb_sgn);
  set(Function::kFloor, Floor);
  set(Function::kCeil, Ceiling);
  set(Function::kRe, RealPart);
  set(Function::kIm, ImaginaryPart);
  set(Function::kConj, Conjugate);
  set(Function::kArg, Argument);
  return table;
}();

}  // namespace

BallStatus BallEvaluator::OneArgument(Function function, const Ball& x, Ball* out) {
  const acb_struct* a = x.get();
  const bool growing =
      function == Function::kExp || (function >= Function::kSinh && function <= Function::kCsch);
  if (!budget_.Spend(bits_ / 64)) return BallStatus::kUndefined;
  if (Exceeds(a, growing ? kMaxExpBits : kMaxTrigBits)) return BallStatus::kUndefined;
  if (function <= Function::kCsc && acb_is_real(a) == 0 && Exceeds(a, kMaxExpBits))
    return BallStatus::kUndefined;
  if (const BallFunction value = kBallFunctions[static_cast<size_t>(function)]; value != nullptr) {
    value(out->get(), a, bits_);
    return BallStatus::kOk;
  }
  if (function == Function::kLn) return Log(x, out);
  if (function == Function::kLog) return CommonLog(x, out);
  if (function == Function::kFactorial || function == Function::kGamma)
    return Gamma(x, function == Function::kFactorial, out);
  return BallStatus::kUnsupported;
}

// \log without a base.
BallStatus BallEvaluator::CommonLog(const Ball& x, Ball* out) {
  if (options_.log_is_natural) return Log(x, out);
  Ball ten;
  acb_set_si(ten.get(), 10);
  acb_log(ten.get(), ten.get(), bits_);
  const BallStatus status = Log(x, out);
  acb_div(out->get(), out->get(), ten.get(), bits_);
  return status;
}

BallStatus BallEvaluator::Gamma(const Ball& x, bool factorial, Ball* out) {
  if (Exceeds(x.get(), 20)) return BallStatus::kUndefined;
  Ball shifted = x;
  if (factorial) acb_add_ui(shifted.get(), x.get(), 1, bits_);
  acb_gamma(out->get(), shifted.get(), bits_);
  return budget_.Spend(100) ? BallStatus::kOk : BallStatus::kUndefined;
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
