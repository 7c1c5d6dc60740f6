#include <algorithm>

#include "verifier/ball.h"
#include "verifier/chars.h"
#include "verifier/matcher.h"

namespace drover::verifier {
namespace {

Relation Op(const Operand& relation, uint32_t i) {
  return relation.tree->relations[relation.node().value + i];
}

bool IsEquality(Relation relation) { return relation == Relation::kEqual || relation == Relation::kEquiv; }

bool IsOrder(Relation relation) { return relation >= Relation::kLess && relation <= Relation::kGreaterEqual; }

Relation Mirror(Relation relation) {
  switch (relation) {
    case Relation::kLess:
      return Relation::kGreater;
    case Relation::kLessEqual:
      return Relation::kGreaterEqual;
    case Relation::kGreater:
      return Relation::kLess;
    case Relation::kGreaterEqual:
      return Relation::kLessEqual;
    default:
      return relation;
  }
}

}  // namespace

bool IsInequality(const Operand& operand) {
  if (operand.node().kind != Kind::kRelation) return false;
  for (uint32_t i = 0; i + 1 < operand.node().count; ++i) {
    const Relation op = Op(operand, i);
    if (!IsOrder(op) && op != Relation::kNotEqual) return false;
  }
  return true;
}

// What stands left of "=" in "x = 5", "f(x) = ...", "AB = 4", "(p, q) = (3, 2)", "V_1 : V_2 = 11 : 21".
bool Matcher::IsName(const Operand& operand) const {
  const Node& node = operand.node();
  switch (node.kind) {
    case Kind::kSymbol:
    case Kind::kApply:
    case Kind::kText:
      return true;
    case Kind::kConstant:
      return static_cast<Constant>(node.value) == Constant::kE;
    case Kind::kFunction: {
      const auto function = static_cast<Function>(node.value);
      const bool decoration = function == Function::kConj || function == Function::kDet ||
                              function == Function::kMax || function == Function::kMin;
      return decoration && node.count == 1 && IsName(operand.Kid(0));
    }
    case Kind::kTuple:
    case Kind::kRatio:
      for (uint32_t i = 0; i < node.count; ++i) {
        const bool relation = operand.Kid(i).node().kind == Kind::kRelation;
        if (relation || !IsName(operand.Kid(i))) return false;
      }
      return true;
    case Kind::kProduct: {  // "AB", "P(A)", "\angle ABC": letters with a capital among them
      bool capital = false;
      for (uint32_t i = 0; i < node.count; ++i) {
        const Operand kid = operand.Kid(i);
        if (kid.node().kind == Kind::kConstant && static_cast<Constant>(kid.node().value) == Constant::kE)
          continue;
        if (kid.node().kind != Kind::kSymbol) return false;
        const std::string& name = (*kid.tree->names)[kid.node().value];
        capital = capital || IsUpper(name[0]) || name == "angle" || name == "triangle";
      }
      return capital;
    }
    default:
      return false;
  }
}

bool Matcher::SameName(const Operand& a, const Operand& b) const {
  const Node &x = a.node(), &y = b.node();
  if (x.kind == Kind::kText || y.kind == Kind::kText) return true;
  if (x.kind == Kind::kApply || y.kind == Kind::kApply) return true;  // f(x) and y name the same value
  if (x.kind == Kind::kSymbol && y.kind == Kind::kSymbol) {
    // x_1 and x_2 name two solutions for x.
    const std::string &left = (*a.tree->names)[x.value], &right = (*b.tree->names)[y.value];
    if (left == right) return true;
    const size_t i = left.find('_'), j = right.find('_');
    return (i == left.npos) != (j == right.npos) && left.substr(0, i) == right.substr(0, j);
  }
  if (x.kind != y.kind || x.count != y.count || x.value != y.value) return false;
  for (uint32_t i = 0; i < x.count; ++i) {
    if (!SameName(a.Kid(i), b.Kid(i))) return false;
  }
  return true;
}

// False where "a \approx b" is no approximation: real values that differ by over a tenth ("5 \sim 6").
bool Matcher::Near(const Operand& a, const Operand& b) const {
  constexpr int64_t kBits = 64;
  if (!FreeSymbols(a).empty() || !FreeSymbols(b).empty()) return true;
  Budget budget(options_.budget);
  Ball x, y;
  const BallOptions at;
  if (EvaluateBall(*a.tree, a.id, at, kBits, budget, &x) != BallStatus::kOk) return true;
  if (EvaluateBall(*b.tree, b.id, at, kBits, budget, &y) != BallStatus::kOk) return true;
  Ball difference;
  acb_sub(difference.get(), x.get(), y.get(), kBits);
  arb_abs(difference.real(), difference.real());
  arb_mul_si(difference.real(), difference.real(), 10, kBits);
  arb_abs(x.real(), x.real());
  return arb_gt(difference.real(), x.real()) == 0;
}

// Drops what is not the answer itself: a name and "=", "x \in", the approximation after an exact value. The relation
// stays where no such part is found.
Matcher::Named Matcher::Unwrap(const Operand& operand) const {
  Named out{operand, {}};
  if (operand.node().kind != Kind::kRelation) return out;
  uint32_t count = operand.node().count;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    if (Op(operand, i) != Relation::kApprox) continue;
    if (i == 0 && !IsName(operand.Kid(0)) && !Near(operand.Kid(0), operand.Kid(1))) return out;
    const bool named = i == 0 && IsName(operand.Kid(0));
    count = named ? 2 : i + 1;
    break;
  }
  if (count == 1) return {operand.Kid(0), {}};
  const Relation first = Op(operand, 0);
  if (first == Relation::kIn) return count == 2 ? Named{operand.Kid(1), operand.Kid(0)} : out;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    const Relation op = Op(operand, i);
    if (op == Relation::kIn && i + 2 == count && i > 0) return {operand.Kid(count - 1), operand.Kid(0)};
    if (!IsEquality(op) && op != Relation::kApprox) return out;
  }
  if (IsName(operand.Kid(0))) return {operand.Kid(count - 1), operand.Kid(0)};
  if (count == 2 && operand.Kid(1).node().kind == Kind::kSymbol) return {operand.Kid(0), operand.Kid(1)};
  if (count < operand.node().count) return {operand.Kid(count - 1), {}};
  // "2 + 3 = 5": the value, if the equation holds and says nothing about symbols.
  if (!FreeSymbols(operand).empty()) return out;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    const Operand left = operand.Kid(i), right = operand.Kid(i + 1);
    if (!IsScalarKind(left.node().kind) || !IsScalarKind(right.node().kind)) return out;
    if (!IsEqual(CompareScalars(left, right, options_))) return out;
  }
  return {operand.Kid(count - 1), {}};
}

// (left - right) of the gold over that of the response is one constant, not zero: the same equation. With
// `need_positive` the constant's sign matters, and *negative tells it.
bool Matcher::Proportional(const Operand& gold, const Operand& response, bool need_positive, bool* negative) {
  const std::vector<uint32_t> symbols = FreeSymbols(gold);
  if (symbols.empty() || FreeSymbols(response).size() != symbols.size()) return false;
  std::optional<Ball> ratio;
  using K = SamplePoint::Kind;
  for (const SamplePoint& point : {SamplePoint{K::kPositive, 0}, SamplePoint{K::kPositive, 1},
                                   SamplePoint{K::kMixed, 3}, SamplePoint{K::kPositive, 5}}) {
    constexpr int64_t kBits = 256;
    Budget budget(options_.budget);
    const BallOptions options{.point = point};
    Ball sides[2];
    for (const bool second : {false, true}) {
      const Operand& equation = second ? response : gold;
      Ball right;
      const Operand l = equation.Kid(0), r = equation.Kid(1);
      if (EvaluateBall(*l.tree, l.id, options, kBits, budget, &sides[second]) != BallStatus::kOk)
        return false;
      if (EvaluateBall(*r.tree, r.id, options, kBits, budget, &right) != BallStatus::kOk) return false;
      acb_sub(sides[second].get(), sides[second].get(), right.get(), kBits);
    }
    Ball quotient;
    acb_div(quotient.get(), sides[0].get(), sides[1].get(), kBits);
    if (acb_is_finite(quotient.get()) == 0 || acb_contains_zero(quotient.get()) != 0) return false;
    if (ratio && acb_overlaps(ratio->get(), quotient.get()) == 0) return false;
    if (!ratio) ratio = std::move(quotient);
  }
  *negative = arb_is_negative(ratio->real()) != 0;
  return !need_positive ||
         (acb_is_real(ratio->get()) != 0 && (*negative || arb_is_positive(ratio->real()) != 0));
}

Outcome Matcher::MatchRelations(const Operand& gold, const Operand& response) {
  if (gold.node().kind != Kind::kRelation || response.node().kind != Kind::kRelation) {
    return Decided("kind", Outcome::kDifferent);
  }
  const uint32_t count = gold.node().count;
  if (response.node().count != count) return Decided("relation", Outcome::kDifferent);
  // Part by part, forwards or backwards: "f(2) < f(1)" and "f(1) > f(2)".
  Outcome parts = Outcome::kDifferent;
  for (const bool backwards : {false, true}) {
    bool same = true;
    for (uint32_t i = 0; i + 1 < count && same; ++i) {
      const Relation theirs = backwards ? Mirror(Op(response, count - 2 - i)) : Op(response, i);
      same = theirs == Op(gold, i);
    }
    if (!same) continue;
    std::vector<Operand> sides = Kids(response);
    if (backwards) std::reverse(sides.begin(), sides.end());
    const Outcome outcome = InOrder(Kids(gold), sides);
    if (IsEqual(outcome)) return outcome;
    if (!backwards || outcome == Outcome::kOverBudget) parts = outcome;
  }
  if (count != 2) return parts;
  for (uint32_t i = 0; i < 2; ++i) {
    if (!IsScalarKind(gold.Kid(i).node().kind) || !IsScalarKind(response.Kid(i).node().kind)) return parts;
  }
  const Relation g = Op(gold, 0), r = Op(response, 0);
  const bool order = IsOrder(g);
  bool negative = false;
  if (order != IsOrder(r) || (!order && g != r) || !Proportional(gold, response, order, &negative))
    return parts;
  const bool same = !order || r == (negative ? Mirror(g) : g);
  return Decided("proportional", same ? Outcome::kEqualNumeric : Outcome::kDifferent);
}

}  // namespace drover::verifier
