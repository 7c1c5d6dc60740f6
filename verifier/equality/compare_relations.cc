#include <algorithm>

#include "verifier/chars.h"
#include "verifier/equality/ball.h"
#include "verifier/equality/matcher.h"

namespace drover::verifier {
namespace {

bool IsEquality(Relation relation) { return relation == Relation::kEqual || relation == Relation::kEquiv; }

bool IsOrder(Relation relation) { return relation >= Relation::kLess && relation <= Relation::kGreaterEqual; }

}  // namespace

bool IsInequality(const Operand& operand) {
  if (operand.node().kind != Kind::kRelation) return false;
  for (uint32_t i = 0; i + 1 < operand.node().count; ++i) {
    const Relation op = RelationAt(operand, i);
    if (!IsOrder(op) && op != Relation::kNotEqual) return false;
  }
  return true;
}

// "\sin A", "|z|", "\overline{AB}": functions of one name that an equation gives the value of, "\max f" too. Roots,
// powers and factorials are not among them: their equations are solved.
bool Matcher::NamesValue(Function function) {
  return function <= Function::kLog || function == Function::kAbs || function == Function::kRe ||
         function == Function::kIm || function == Function::kConj || function == Function::kArg ||
         function == Function::kDet || function == Function::kMax || function == Function::kMin ||
         function == Function::kGcd || function == Function::kLcm;
}

// What stands left of "=" in "x = 5", "f(x) = ...", "\sin A = ...", "AB = 4", "(p, q) = (3, 2)", "V_1 : V_2 = 11 : 21".
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
      if (!NamesValue(static_cast<Function>(node.value))) return false;
      for (uint32_t i = 0; i < node.count; ++i) {
        const bool base = i == 1 && static_cast<Function>(node.value) == Function::kLog;
        if (!base && !IsName(operand.Kid(i))) return false;
      }
      return node.count > 0;
    }
    case Kind::kTuple:
    case Kind::kRatio:
      for (uint32_t i = 0; i < node.count; ++i) {
        const bool relation = operand.Kid(i).node().kind == Kind::kRelation;
        if (relation || !IsName(operand.Kid(i))) return false;
      }
      return true;
    case Kind::kProduct: {  // "AB", "\angle ABC": letters with a capital among them; "E(x,+0,z)"
      bool capital = false;
      if (node.count == 2 && operand.Kid(0).node().kind == Kind::kSymbol &&
          operand.Kid(1).node().kind == Kind::kTuple)
        return true;
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
  // f(x) and y name the same value; f(1) and f(2) do not.
  if (x.kind == Kind::kApply && y.kind == Kind::kApply) {
    if (x.value != y.value || x.count != y.count) return false;
    for (uint32_t i = 0; i < x.count; ++i) {
      const Operand left = a.Kid(i), right = b.Kid(i);
      const bool scalars = IsScalarKind(left.node().kind) && IsScalarKind(right.node().kind);
      if (scalars ? !IsEqual(CompareScalars(left, right, options_)) : !SameName(left, right)) return false;
    }
    return true;
  }
  if (x.kind == Kind::kApply || y.kind == Kind::kApply) return true;
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

// All members of "... = a = b = c" from the second on agree with the last, as far as they say the same thing: those with
// other symbols are steps of a calculation ("\pi r^2" before "9\pi").
bool Matcher::ChainHolds(const Operand& chain, uint32_t count) const {
  const Operand last = chain.Kid(count - 1);
  if (!IsScalarKind(last.node().kind)) return true;
  auto symbols = FreeSymbols(last);
  std::sort(symbols.begin(), symbols.end());
  for (uint32_t i = 1; i + 1 < count; ++i) {
    const Operand member = chain.Kid(i);
    if (!IsScalarKind(member.node().kind)) continue;
    auto others = FreeSymbols(member);
    std::sort(others.begin(), others.end());
    if (!others.empty() && others != symbols) continue;
    // Both ways: the rule for rounded decimals has sides.
    if (!IsEqual(CompareScalars(last, member, options_)) && !IsEqual(CompareScalars(member, last, options_)))
      return false;
  }
  return true;
}

// Drops what is not the answer itself: a name and "=", "x \in", the approximation after an exact value. The relation
// stays where no such part is found.
Matcher::Named Matcher::Unwrap(const Operand& operand) const {
  Named out{operand, {}};
  if (operand.node().kind != Kind::kRelation) return out;
  uint32_t count = operand.node().count;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    if (RelationAt(operand, i) != Relation::kApprox) continue;
    if (!(i == 0 && IsName(operand.Kid(0))) && !Near(operand.Kid(i), operand.Kid(i + 1))) return out;
    const bool named = i == 0 && IsName(operand.Kid(0));
    count = named ? 2 : i + 1;
    break;
  }
  if (count == 1) return {operand.Kid(0), {}};
  const Relation first = RelationAt(operand, 0);
  if (first == Relation::kIn) return count == 2 ? Named{operand.Kid(1), operand.Kid(0)} : out;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    const Relation op = RelationAt(operand, i);
    if (op == Relation::kIn && i + 2 == count && i > 0) return {operand.Kid(count - 1), operand.Kid(0)};
    if (!IsEquality(op) && op != Relation::kApprox) return out;
  }
  if (IsName(operand.Kid(0)))
    return ChainHolds(operand, count) ? Named{operand.Kid(count - 1), operand.Kid(0)} : out;
  const Kind second = operand.Kid(1).node().kind;
  if (count == 2 && (second == Kind::kSymbol || second == Kind::kApply))
    return {operand.Kid(0), operand.Kid(1)};
  if (count < operand.node().count) return {operand.Kid(count - 1), {}};
  // "2 + 3 = 5": the value, if the equation holds and says nothing about symbols.
  if (!FreeSymbols(operand).empty()) return out;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    const Operand left = operand.Kid(i), right = operand.Kid(i + 1);
    if (!IsScalarKind(left.node().kind) || !IsScalarKind(right.node().kind)) return out;
    if (!IsEqual(CompareScalars(left, right, options_))) return out;
    // "1 = 1" is no value that was calculated.
    if (ToString(*left.tree, left.id) == ToString(*right.tree, right.id)) return out;
  }
  return {operand.Kid(count - 1), {}};
}

// "f(t) = 2t" as "f(x) = 2x" where the gold defines f(x): the argument of a definition has no name of its own.
Matcher::Named Matcher::Renamed(const Named& gold, const Named& response) {
  if (gold.name.id == kNoNode || response.name.id == kNoNode) return response;
  const Node &g = gold.name.node(), &r = response.name.node();
  const bool functions =
      g.kind == Kind::kApply && r.kind == Kind::kApply && g.value == r.value && g.count == 1 && r.count == 1;
  if (!functions || !IsScalarKind(response.value.node().kind)) return response;
  const Node &x = gold.name.Kid(0).node(), &t = response.name.Kid(0).node();
  if (x.kind != Kind::kSymbol || t.kind != Kind::kSymbol || x.value == t.value) return response;
  const std::vector<uint32_t> symbols = FreeSymbols(response.value);
  const auto stands = [&symbols](uint32_t symbol) {
    return std::find(symbols.begin(), symbols.end(), symbol) != symbols.end();
  };
  if (stands(x.value) || !stands(t.value)) return response;  // P(A) = 0.3 defines nothing
  std::vector<NodeId> stack = {response.value.id};
  for (size_t visited = 0; !stack.empty(); ++visited) {  // values of other functions keep theirs
    if (visited > kMaxScratch) return response;
    const Node& node = (*response.value.tree)[stack.back()];
    stack.pop_back();
    if (node.kind == Kind::kApply || node.kind == Kind::kOpaque) return response;
    for (uint32_t i = 0; i < node.count; ++i) stack.push_back(response.value.tree->kids[node.first + i]);
  }
  const NodeId name = scratch_.Add(Kind::kSymbol, {}, x.value);
  const NodeId value = Substituted(Copy(response.value), {{t.value, name}});
  return {Scratch(value), gold.name};
}

// "left - right" of an equation; with `at`, its symbols take the values at that point.
Operand Matcher::SideDifference(const Operand& equation, const std::vector<std::pair<uint32_t, NodeId>>& at) {
  const NodeId left = Copy(equation.Kid(0)), right = Copy(equation.Kid(1));
  const NodeId difference = scratch_.Add(Kind::kSum, {left, scratch_.Add(Kind::kNegate, {right})});
  return Scratch(at.empty() ? difference : Substituted(difference, at));
}

NodeId Matcher::Substituted(NodeId id, const std::vector<std::pair<uint32_t, NodeId>>& at) {
  const Node node = scratch_[id];
  if (node.kind == Kind::kSymbol) {
    for (const auto& [symbol, value] : at) {
      if (symbol == node.value) return value;
    }
  }
  if (node.kind == Kind::kApply) {  // each value of an unknown function is one more variable
    int64_t hash = 17;
    for (const char c : ToString(scratch_, id)) hash = (hash * 31 + c) % 9973;
    return scratch_.AddInteger(hash + 19);
  }
  NodeIds kids;
  for (uint32_t i = 0; i < node.count; ++i) kids.push_back(Substituted(scratch_.Kid(id, i), at));
  return node.count == 0 ? id : scratch_.Add(node.kind, kids, node.value, node.flag);
}

// The equation G = 0 is R = 0 times a constant: G(x) R(a) = R(x) G(a) for all x and one point a where neither is zero. With
// `need_positive` the constant's sign matters, and *negative tells it.
bool Matcher::Proportional(const Operand& gold, const Operand& response, bool need_positive, bool* negative) {
  const std::vector<uint32_t> symbols = FreeSymbols(gold);
  if (symbols.empty() || FreeSymbols(response).size() != symbols.size()) return false;
  constexpr int64_t kBits = 256;
  // Points at which some equation may happen to hold, or leave the reals.
  constexpr int64_t kValues[][5] = {{2, 3, 7, 11, 13}, {5, 2, 3, 17, 7}, {1, 1, 2, 3, 5}};
  for (const auto& values : kValues) {
    std::vector<std::pair<uint32_t, NodeId>> at;
    for (size_t i = 0; i < symbols.size(); ++i) {
      const NodeId value = scratch_.AddInteger(values[i % 5] + static_cast<int64_t>(i / 5));
      at.emplace_back(symbols[i], value);
    }
    const Operand g = SideDifference(gold, {}), r = SideDifference(response, {});
    const Operand g_at = SideDifference(gold, at), r_at = SideDifference(response, at);
    if (!FreeSymbols(g_at).empty() || !FreeSymbols(r_at).empty()) return false;
    Budget budget(options_.budget);
    Ball top, bottom;
    if (EvaluateBall(scratch_, g_at.id, {}, kBits, budget, &top) != BallStatus::kOk ||
        EvaluateBall(scratch_, r_at.id, {}, kBits, budget, &bottom) != BallStatus::kOk)
      continue;
    if (acb_contains_zero(top.get()) != 0 || acb_contains_zero(bottom.get()) != 0) continue;
    Ball ratio;
    acb_div(ratio.get(), top.get(), bottom.get(), kBits);
    *negative = arb_is_negative(ratio.real()) != 0;
    if (need_positive &&
        (acb_is_real(ratio.get()) == 0 || (!*negative && arb_is_positive(ratio.real()) == 0)))
      return false;
    const Operand left = Scratch(scratch_.Add(Kind::kProduct, {g.id, r_at.id}));
    const Operand right = Scratch(scratch_.Add(Kind::kProduct, {r.id, g_at.id}));
    return IsEqual(CompareScalars(left, right, options_));
  }
  return false;
}

Outcome Matcher::MatchRelations(const Operand& gold, const Operand& response) {
  if (gold.node().kind != Kind::kRelation || response.node().kind != Kind::kRelation) {
    return Decided(Rule::kKind, Outcome::kDifferent);
  }
  const uint32_t count = gold.node().count;
  if (response.node().count != count) return Decided(Rule::kRelation, Outcome::kDifferent);
  // Part by part, forwards or backwards: "f(2) < f(1)" and "f(1) > f(2)".
  Outcome parts = Outcome::kDifferent;
  for (const bool backwards : {false, true}) {
    bool same = true;
    for (uint32_t i = 0; i + 1 < count && same; ++i) {
      const Relation theirs =
          backwards ? Mirror(RelationAt(response, count - 2 - i)) : RelationAt(response, i);
      same = theirs == RelationAt(gold, i);
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
  const Relation g = RelationAt(gold, 0), r = RelationAt(response, 0);
  const bool order = IsOrder(g);
  bool negative = false;
  if (order != IsOrder(r) || (!order && g != r) || !Proportional(gold, response, order, &negative))
    return parts;
  const bool same = !order || r == (negative ? Mirror(g) : g);
  return Decided(Rule::kProportional, same ? Outcome::kEqualExact : Outcome::kDifferent);
}

}  // namespace drover::verifier
