#include "verifier/equality/scalar_comparer.h"

#include <algorithm>
#include <initializer_list>

#include "verifier/equality/algebraic.h"
#include "verifier/equality/ball.h"
#include "verifier/equality/form.h"
#include "verifier/equality/identity.h"
#include "verifier/equality/rational.h"
#include "verifier/equality/residue.h"

namespace drover::verifier {

Traits TraitsOf(const Operand& operand) {
  Traits out;
  Walk(operand, [&out](const Node& node) {
    switch (node.kind) {
      case Kind::kConstant:
        out.imaginary = out.imaginary || static_cast<Constant>(node.value) == Constant::kI;
        out.infinite = out.infinite || static_cast<Constant>(node.value) == Constant::kInfinity;
        break;
      case Kind::kFunction: {
        const auto function = static_cast<Function>(node.value);
        out.plain_log = out.plain_log || (function == Function::kLog && node.count == 1);
        out.complex_like = out.complex_like || function == Function::kConj || function == Function::kRe ||
                           function == Function::kIm || function == Function::kArg;
        break;
      }
      case Kind::kOpaque:
        out.undecidable = true;
        break;
      case Kind::kNumber:
      case Kind::kSymbol:
      case Kind::kSum:
      case Kind::kProduct:
      case Kind::kNegate:
      case Kind::kInverse:
      case Kind::kPower:
      case Kind::kApply:
      case Kind::kPercent:
      case Kind::kDegree:
      case Kind::kRelation:  // the range of a sum
        break;
      default:
        out.structure = true;
    }
  });
  return out;
}

Outcome Comparer::Run() {
  const Traits a = TraitsOf(gold_), b = TraitsOf(response_);
  if (a.structure || b.structure) return Outcome::kDifferent;
  if (a.infinite || b.infinite) return Infinite(a, b);
  if (auto outcome = Rationals()) return *outcome;
  if (RoundedMatch()) return Decided(Rule::kRounded, Outcome::kEqualNumeric);
  const bool two_bases = a.plain_log || b.plain_log;
  Outcome outcome = WithBase(/*natural=*/false, a, b);
  if (two_bases && !IsEqual(outcome)) {
    const Outcome natural = WithBase(/*natural=*/true, a, b);
    if (IsEqual(natural)) return natural;
  }
  return outcome;
}

Budget Comparer::NewBudget(int64_t share) const {
  BudgetLimits limits = options_.budget;
  limits.operations /= share;
  return Budget(limits);
}

Outcome Comparer::Infinite(const Traits& a, const Traits& b) {
  const auto sign = [](const Operand& x) {
    Operand at = x;
    int sign = 1;
    while (at.node().kind == Kind::kNegate || (at.node().kind == Kind::kSum && at.node().count == 1)) {
      if (at.node().kind == Kind::kNegate) sign = -sign;
      at = at.Kid(0);
    }
    const bool infinity =
        at.node().kind == Kind::kConstant && static_cast<Constant>(at.node().value) == Constant::kInfinity;
    return infinity ? sign : 0;
  };
  if (a.infinite != b.infinite) return Decided(Rule::kInfinity, Outcome::kDifferent);
  const int left = sign(gold_), right = sign(response_);
  if (left == 0 || right == 0) return Outcome::kUndecided;
  return Decided(Rule::kInfinity, left == right ? Outcome::kEqualExact : Outcome::kDifferent);
}

std::optional<Outcome> Comparer::Rationals() {
  Budget left = NewBudget(1), right = NewBudget(1);
  gold_value_ = RationalValue(*gold_.tree, gold_.id, left);
  response_value_ = RationalValue(*response_.tree, response_.id, right);
  over_ = left.over() || right.over();
  if (!gold_value_ || !response_value_) return std::nullopt;
  if (*gold_value_ == *response_value_) return Decided(Rule::kRational, Outcome::kEqualExact);
  if (RoundedMatch()) return Decided(Rule::kRounded, Outcome::kEqualNumeric);
  return Decided(Rule::kRational, Outcome::kDifferent);
}

Outcome Comparer::WithBase(bool natural, const Traits& a, const Traits& b) {
  if (auto outcome = Forms(natural)) return *outcome;
  const bool symbols = !FreeSymbols(gold_).empty() || !FreeSymbols(response_).empty();
  if (symbols) {
    if (auto outcome = Residues()) return *outcome;
  }
  const Outcome outcome = symbols ? Symbolic(natural, a, b) : Constants(natural);
  if (outcome == Outcome::kUndecided && (a.undecidable || b.undecidable))
    return Structural(gold_, response_, 0);
  if (outcome == Outcome::kUndecided && (ever_left_ || unsupported_) && SameTree(gold_, response_, 0))
    return Decided(Rule::kAlike, Outcome::kEqualExact);
  return outcome == Outcome::kUndecided && over_ ? Decided(Rule::kBudget, Outcome::kOverBudget) : outcome;
}

std::optional<Outcome> Comparer::Forms(bool natural) {
  Budget budget = NewBudget(32);  // longer forms cost more than residues or balls do
  Form a, b;
  const FormOptions options{.log_is_natural = natural};
  const bool built = BuildForm(*gold_.tree, gold_.id, options, budget, &a) &&
                     BuildForm(*response_.tree, response_.id, options, budget, &b);
  over_ = over_ || budget.over();
  if (!built) return std::nullopt;
  switch (CompareForms(a, b, budget)) {
    case FormVerdict::kEqual:
      return Decided(Rule::kNormalForm, Outcome::kEqualExact);
    case FormVerdict::kDifferent:
      return Decided(Rule::kNormalForm, Outcome::kDifferent);
    case FormVerdict::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Outcome> Comparer::Residues() {
  Budget budget = NewBudget(8);
  switch (CompareResidues(gold_, response_, Key(), budget)) {
    case ResidueVerdict::kEqual:
      return Decided(Rule::kResidues, Outcome::kEqualNumeric);
    case ResidueVerdict::kDifferent:
      return Decided(Rule::kResidues, Outcome::kDifferent);
    case ResidueVerdict::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

Overlap Comparer::At(const SamplePoint& point, bool natural, int64_t bits, Budget& budget) {
  const BallOptions options{.point = point, .log_is_natural = natural, .integers = &integers_};
  Ball a, b;
  bool gold_left = false, response_left = false;
  const BallStatus left = EvaluateBall(*gold_.tree, gold_.id, options, bits, budget, &a, &gold_left);
  const BallStatus right =
      EvaluateBall(*response_.tree, response_.id, options, bits, budget, &b, &response_left);
  over_ = over_ || budget.over();
  if (left == BallStatus::kUnsupported || right == BallStatus::kUnsupported) {
    unsupported_ = true;
    return Overlap::kUnsupported;
  }
  left_defined_ = left == BallStatus::kOk, right_defined_ = right == BallStatus::kOk;
  if (left != BallStatus::kOk || right != BallStatus::kOk) return Overlap::kUnusable;
  magnitude_ = std::max(Magnitude(a), Magnitude(b));
  // artanh(0.9) has an imaginary part of 0 +- 2^-126
  left_real_ = !gold_left && arb_contains_zero(a.imag()) != 0;
  right_real_ = !response_left && arb_contains_zero(b.imag()) != 0;
  return acb_overlaps(a.get(), b.get()) != 0 ? Overlap::kOverlap : Overlap::kDisjoint;
}

int64_t Comparer::Magnitude(const Ball& ball) {
  mag_t bound;
  mag_init(bound);
  acb_get_mag(bound, ball.get());
  const int64_t bits = fmpz_fits_si(MAG_EXPREF(bound)) != 0 ? fmpz_get_si(MAG_EXPREF(bound)) : 0;
  mag_clear(bound);
  return bits;
}

Outcome Comparer::Constants(bool natural) {
  bool defined = false, left = false, right = false;
  for (int64_t bits = 64; bits <= options_.budget.ball_bits; bits *= bits < 256 ? 2 : 4) {
    Budget evaluation = NewBudget(16);
    const Overlap overlap = At({}, natural, bits, evaluation);
    if (overlap == Overlap::kUnsupported) return Outcome::kUndecided;
    if (overlap == Overlap::kDisjoint) return Decided(Rule::kBalls, Outcome::kDifferent);
    defined = overlap == Overlap::kOverlap;
    left = left || left_defined_, right = right || right_defined_;
    ever_left_ = left;
    if (bits != 256 || !defined) continue;
    std::vector<std::pair<uint32_t, Rational>> points;
    if (Proved(natural, /*complex_symbols=*/false, /*complex_values=*/true, &points))
      return Decided(Rule::kKernels, Outcome::kEqualExact);
    Budget budget = NewBudget(8);
    const AlgebraicVerdict verdict = CompareExactly(gold_, response_, natural, budget);
    if (verdict == AlgebraicVerdict::kEqual) return Decided(Rule::kCalcium, Outcome::kEqualExact);
    if (verdict == AlgebraicVerdict::kDifferent) return Decided(Rule::kCalcium, Outcome::kDifferent);
  }
  if (defined && Huge()) {
    const int64_t bits = std::min(kMaxHugeBits, options_.budget.ball_bits + 2 * magnitude_);
    Budget evaluation = NewBudget(16);
    if (At({}, natural, bits, evaluation) == Overlap::kDisjoint)
      return Decided(Rule::kBalls, Outcome::kDifferent);
  }
  // All digits agree, and nothing proves that the others do.
  if (defined) return Decided(Rule::kUndecided, Outcome::kUndecided);
  // A pole or 0/0 on one side only, not for want of budget.
  if (left != right && !over_) return Decided(Rule::kUndefined, Outcome::kDifferent);
  return Outcome::kUndecided;
}

Outcome CompareScalars(const Operand& gold, const Operand& response, const Options& options, Rule* rule) {
  return Comparer(gold, response, options, rule).Run();
}

std::optional<int> CompareReals(const Operand& a, const Operand& b, const Options& options) {
  if (IsEqual(CompareScalars(a, b, options))) return 0;
  Budget budget(options.budget);
  Ball x, y;
  const BallOptions at;
  if (EvaluateBall(*a.tree, a.id, at, 128, budget, &x) != BallStatus::kOk) return std::nullopt;
  if (EvaluateBall(*b.tree, b.id, at, 128, budget, &y) != BallStatus::kOk) return std::nullopt;
  if (acb_is_real(x.get()) == 0 || acb_is_real(y.get()) == 0) return std::nullopt;
  if (arb_lt(x.real(), y.real()) != 0) return -1;
  if (arb_gt(x.real(), y.real()) != 0) return 1;
  return std::nullopt;
}

}  // namespace drover::verifier
