#include "verifier/equality/compare.h"

#include <algorithm>

#include "verifier/chars.h"
#include "verifier/equality/ball.h"
#include "verifier/equality/matcher.h"
#include "verifier/equality/rational.h"
#include "verifier/equality/same_words.h"
#include "verifier/reading/applications.h"
#include "verifier/reading/text.h"

namespace drover::verifier {

NodeId Matcher::Copy(const Operand& from, int depth) {
  const Node node = from.node();
  if (node.kind == Kind::kNumber) return scratch_.AddNumber(from.tree->numbers[node.value]);
  if (node.kind == Kind::kText || node.kind == Kind::kOpaque || node.kind == Kind::kQuantity || depth > 300 ||
      scratch_.nodes.size() > kMaxScratch) {
    return scratch_.AddText(Kind::kText, "");
  }
  NodeIds kids;
  for (uint32_t i = 0; i < node.count; ++i) kids.push_back(Copy(from.Kid(i), depth + 1));
  return scratch_.Add(node.kind, kids, node.value, node.flag);
}

Operand Matcher::Negated(const Operand& operand) {
  return Scratch(scratch_.Add(Kind::kNegate, {Copy(operand)}));
}

Outcome Matcher::Match(Operand gold, Operand response) {
  if (depth_ >= kMaxDepth) return Outcome::kOverBudget;
  ++depth_;
  if (const auto outcome = MatchNamedParts(gold, response)) {
    --depth_;
    return *outcome;
  }
  const Named g = Unwrap(gold);
  const Named r = Renamed(g, Unwrap(response));
  Outcome out = Outcome::kDifferent;
  const bool g_relation = g.value.node().kind == Kind::kRelation,
             r_relation = r.value.node().kind == Kind::kRelation;
  const bool g_named = g.name.id != kNoNode, r_named = r.name.id != kNoNode;
  const bool equations =
      (g_named && r_relation) || (r_named && g_relation) || (g_named && r_named && !SameName(g.name, r.name));
  if (equations && !IsInequality(g.value) && !IsInequality(r.value)) {
    out = MatchRelations(gold, response);
  } else {
    out = MatchValues(g.value, r.value);
  }
  --depth_;
  return out;
}

Outcome Matcher::MatchValues(const Operand& gold, const Operand& response) {
  const Kind g = gold.node().kind, r = response.node().kind;
  if (g == Kind::kText || r == Kind::kText) return MatchText(gold, response);
  if (IsMeasured(g) || IsMeasured(r)) return MatchMeasures(gold, response);
  if (const auto outcome = MatchNotation(gold, response)) return *outcome;
  if (IsScalarKind(g) && IsScalarKind(r)) return MatchScalars(gold, response);
  if (g == Kind::kCongruence || r == Kind::kCongruence) return MatchCongruences(gold, response);
  if (g == Kind::kRatio || r == Kind::kRatio) return MatchRatios(gold, response);
  if (g == Kind::kMatrix || r == Kind::kMatrix) return MatchMatrices(gold, response);
  if (IsRealSet(gold) || IsRealSet(response)) {
    const Outcome outcome = MatchPieces(gold, response);
    const bool relations = g == Kind::kRelation && r == Kind::kRelation;
    return IsEqual(outcome) || !relations ? outcome : MatchRelations(gold, response);
  }
  if (g == Kind::kRelation && r == Kind::kRelation) return MatchRelations(gold, response);
  return MatchCollections(gold, response);
}

// What a letter before numbers may stand for, where the other side settles it: "P(1,2)" is a named point, "C(10,4)" and
// "C_{10}^4" count combinations, "P(5,2)" and "A_5^2" arrangements.
std::optional<Outcome> Matcher::MatchNotation(const Operand& gold, const Operand& response) {
  for (const bool of_gold : {true, false}) {
    const Operand& side = of_gold ? gold : response;
    const Operand& other = of_gold ? response : gold;
    if (const auto vector = InUnitVectors(side, other)) {
      return of_gold ? MatchScalars(gold, *vector) : MatchScalars(*vector, response);
    }
    const Operand meaning = Meaning(side, other);
    if (meaning.id == kNoNode) continue;
    return of_gold ? Match(meaning, response) : Match(gold, meaning);
  }
  return std::nullopt;
}

// "3\mathbf{i} + 4\mathbf{j}" against (3,4): the tuple as a sum of the same unit vectors. j must stand there, as i alone is
// the imaginary unit.
std::optional<Operand> Matcher::InUnitVectors(const Operand& side, const Operand& other) {
  const Kind kind = other.node().kind;
  const uint32_t count = other.node().count;
  if (!IsScalarKind(side.node().kind) || (kind != Kind::kTuple && kind != Kind::kMatrix)) return std::nullopt;
  if (count < 2 || count > 3) return std::nullopt;
  const uint32_t j = scratch_.names->Intern("j"), k = scratch_.names->Intern("k");
  const std::vector<uint32_t> symbols = FreeSymbols(side);
  if (std::find(symbols.begin(), symbols.end(), j) == symbols.end()) return std::nullopt;
  NodeIds terms;
  for (uint32_t n = 0; n < count; ++n) {
    if (!IsScalarKind(other.Kid(n).node().kind)) return std::nullopt;
    const NodeId unit = n == 0 ? scratch_.Add(Kind::kConstant, {}, static_cast<uint32_t>(Constant::kI))
                               : scratch_.Add(Kind::kSymbol, {}, n == 1 ? j : k);
    terms.push_back(scratch_.Add(Kind::kProduct, {Copy(other.Kid(n)), unit}));
  }
  return Scratch(scratch_.Add(Kind::kSum, terms));
}

Operand Matcher::Meaning(const Operand& side, const Operand& other) {
  const auto capital = [](const Operand& x) {
    if (x.node().kind != Kind::kSymbol) return '\0';
    const std::string& name = (*x.tree->names)[x.node().value];
    return IsUpper(name[0]) && (name.size() == 1 || name[1] == '_') ? name[0] : '\0';
  };
  const Kind kind = side.node().kind;
  const auto other_is_number = [&other] {
    return IsScalarKind(other.node().kind) && FreeSymbols(other).empty();
  };
  std::vector<Operand> parts;
  char letter = '\0';
  if (kind == Kind::kProduct && side.node().count == 2 && side.Kid(1).node().kind == Kind::kTuple) {
    letter = capital(side.Kid(0));
    if (letter == '\0') return {};
    const Kind to = other.node().kind;
    if (to == Kind::kTuple || to == Kind::kList || to == Kind::kMatrix) return side.Kid(1);
    parts = Kids(side.Kid(1));
  } else if (kind == Kind::kPower && side.Kid(0).node().kind == Kind::kSymbol && other_is_number()) {
    letter = capital(side.Kid(0));
    const std::string& name = (*side.tree->names)[side.Kid(0).node().value];
    int64_t n = 0;
    for (size_t i = 2; i < name.size() && i < 8; ++i)
      n = IsDigit(name[i]) ? n * 10 + (name[i] - '0') : -1'000'000'000;
    if (name.size() < 3 || name.size() > 8 || n < 0) return {};
    parts = {Scratch(scratch_.AddInteger(n)), side.Kid(1)};
  }
  if (parts.size() != 2 || (letter != 'C' && letter != 'P' && letter != 'A') || !other_is_number()) return {};
  const NodeId n = Copy(parts[0]), k = Copy(parts[1]);
  const auto call = [this](Function function, NodeIds arguments) {
    return scratch_.Add(Kind::kFunction, arguments, static_cast<uint32_t>(function));
  };
  const NodeId chosen = call(Function::kBinomial, {n, k});
  if (letter == 'C') return Scratch(chosen);
  return Scratch(scratch_.Add(Kind::kProduct, {chosen, call(Function::kFactorial, {k})}));
}

Outcome Matcher::MatchScalars(const Operand& gold, const Operand& response) {
  return CompareScalars(gold, response, options_, rule_);
}

Outcome Matcher::MatchText(const Operand& gold, const Operand& response) {
  if (gold.node().kind != Kind::kText || response.node().kind != Kind::kText)
    return Decided(Rule::kKind, Outcome::kDifferent);
  const std::string& a = gold.tree->texts[gold.node().value];
  const std::string& b = response.tree->texts[response.node().value];
  const bool same = BareText(a) == BareText(b) || SameWords("\\text{" + a + "}", b);
  return Decided(Rule::kText, same ? Outcome::kEqualText : Outcome::kDifferent);
}

Outcome Matcher::MatchRatios(const Operand& gold, const Operand& response) {
  if (gold.node().kind != response.node().kind) {
    const Operand& ratio = gold.node().kind == Kind::kRatio ? gold : response;
    const Operand& other = gold.node().kind == Kind::kRatio ? response : gold;
    if (ratio.node().count != 2 || !IsScalarKind(other.node().kind))
      return Decided(Rule::kKind, Outcome::kDifferent);
    Budget budget(options_.budget);
    const auto first = RationalValue(*ratio.tree, ratio.Kid(0).id, budget);
    if (first && first->is_zero()) return Decided(Rule::kRatio, Outcome::kDifferent);  // "0 to 54" is a range
    const NodeId inverse = scratch_.Add(Kind::kInverse, {Copy(ratio.Kid(1))});
    const Operand quotient = Scratch(scratch_.Add(Kind::kProduct, {Copy(ratio.Kid(0)), inverse}));
    return &ratio == &gold ? MatchScalars(quotient, response) : MatchScalars(gold, quotient);
  }
  const std::vector<Operand> a = Kids(gold), b = Kids(response);
  if (a.size() != b.size()) return Decided(Rule::kRatio, Outcome::kDifferent);
  const Outcome same = InOrder(a, b);
  if (IsEqual(same)) return same;
  // a_i b_0 = b_i a_0 for all i; not for "12:00", which is a time of day.
  Budget budget(options_.budget);
  for (size_t i = 0; i < a.size(); ++i) {
    for (const Operand& part : {a[i], b[i]}) {
      const auto value = RationalValue(*part.tree, part.id, budget);
      if (!IsScalarKind(part.node().kind) || (value && value->is_zero())) return same;
    }
  }
  Outcome all = Outcome::kEqualExact;
  for (size_t i = 1; i < a.size(); ++i) {
    const Operand left = Scratch(scratch_.Add(Kind::kProduct, {Copy(a[i]), Copy(b[0])}));
    const Operand right = Scratch(scratch_.Add(Kind::kProduct, {Copy(b[i]), Copy(a[0])}));
    all = Both(all, MatchScalars(left, right));
  }
  return all;
}

Outcome Matcher::MatchCongruences(const Operand& gold, const Operand& response) {
  const bool g = gold.node().kind == Kind::kCongruence, r = response.node().kind == Kind::kCongruence;
  const auto residue = [this](const Operand& x) {
    Operand value = x;
    if (value.node().kind == Kind::kRelation) value = value.Kid(value.node().count - 1);
    return value;
  };
  if (!g || !r) {
    const Outcome same = Match(g ? residue(gold.Kid(0)) : gold, r ? residue(response.Kid(0)) : response);
    return IsEqual(same) ? same : MatchRemainder(g ? gold : response, g ? response : gold);
  }
  const Outcome modulus = MatchScalars(gold.Kid(1), response.Kid(1));
  if (!IsEqual(modulus)) return modulus;
  const Operand a = residue(gold.Kid(0)), b = residue(response.Kid(0));
  Budget budget(options_.budget);
  const auto m = RationalValue(*gold.tree, gold.Kid(1).id, budget);
  const auto x = RationalValue(*a.tree, a.id, budget), y = RationalValue(*b.tree, b.id, budget);
  if (!m || !x || !y || !m->is_integer() || m->is_zero() || !x->is_integer() || !y->is_integer())
    return Match(a, b);
  Rational difference;
  fmpz_sub(difference.num(), x->num(), y->num());
  const bool equal = fmpz_divisible(difference.num(), m->num()) != 0;
  return Decided(Rule::kCongruence, equal ? Outcome::kEqualExact : Outcome::kDifferent);
}

// "17 mod 5" is 2: the other side is the remainder itself.
Outcome Matcher::MatchRemainder(const Operand& congruence, const Operand& plain) {
  Budget budget(options_.budget);
  const auto value = RationalValue(*congruence.tree, congruence.Kid(0).id, budget);
  const auto modulus = RationalValue(*congruence.tree, congruence.Kid(1).id, budget);
  const auto other = RationalValue(*plain.tree, plain.id, budget);
  const bool integers =
      value && modulus && other && value->is_integer() && modulus->is_integer() && other->is_integer();
  if (!integers || modulus->sign() <= 0) return Decided(Rule::kCongruence, Outcome::kDifferent);
  Rational remainder;
  fmpz_mod(remainder.num(), value->num(), modulus->num());
  return Decided(Rule::kCongruence, remainder == *other ? Outcome::kEqualExact : Outcome::kDifferent);
}

// Rows and columns count; a column or a row of numbers is also the tuple of its entries.
Outcome Matcher::MatchMatrices(const Operand& gold, const Operand& response) {
  const bool g = gold.node().kind == Kind::kMatrix, r = response.node().kind == Kind::kMatrix;
  const Operand& matrix = g ? gold : response;
  const Operand& other = g ? response : gold;
  if (g && r) {
    const bool shape =
        gold.node().value == response.node().value && gold.node().count == response.node().count;
    return shape ? InOrder(Kids(gold), Kids(response)) : Decided(Rule::kShape, Outcome::kDifferent);
  }
  const bool vector = matrix.node().value == 1 || matrix.node().value == matrix.node().count;
  const bool single = matrix.node().count == 1 && IsScalarKind(other.node().kind);
  if (single) return g ? Match(gold.Kid(0), response) : Match(gold, response.Kid(0));
  if (!vector || other.node().kind != Kind::kTuple) return Decided(Rule::kKind, Outcome::kDifferent);
  return InOrder(Kids(gold), Kids(response));
}

Outcome Matcher::InOrder(const std::vector<Operand>& gold, const std::vector<Operand>& response) {
  if (gold.size() != response.size()) return Decided(Rule::kSize, Outcome::kDifferent);
  Outcome all = Outcome::kEqualExact;
  for (size_t i = 0; i < gold.size() && IsEqual(all); ++i) all = Both(all, Match(gold[i], response[i]));
  return all;
}

// Each gold element has its own partner. A response may repeat an element where the gold has no repetitions.
Outcome Matcher::AnyOrder(const std::vector<Operand>& gold, const std::vector<Operand>& response) {
  if (response.size() < gold.size()) return Decided(Rule::kSize, Outcome::kDifferent);
  if (gold.size() > kMaxUnordered || response.size() > kMaxUnordered) return InOrder(gold, response);
  const auto enclose = [this](const std::vector<Operand>& elements) {
    std::vector<std::optional<Ball>> balls(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      const Operand value = Unwrap(elements[i]).value;
      const Kind kind = value.node().kind;
      if (!IsScalarKind(kind) || kind == Kind::kPercent || kind == Kind::kDegree) continue;
      Budget budget(options_.budget);
      Ball ball;
      if (!FreeSymbols(value).empty()) continue;
      if (EvaluateBall(*value.tree, value.id, {}, 64, budget, &ball) == BallStatus::kOk)
        balls[i] = std::move(ball);
    }
    return balls;
  };
  const auto g_balls = enclose(gold), r_balls = enclose(response);
  std::vector<bool> used(response.size(), false);
  Outcome all = Outcome::kEqualExact;
  const auto match = [&](size_t i, size_t j) {
    const bool apart = g_balls[i] && r_balls[j] && acb_overlaps(g_balls[i]->get(), r_balls[j]->get()) == 0;
    // Rounded golds may accept what balls hold apart.
    if (apart && gold.size() > 16) return Outcome::kDifferent;
    return Match(gold[i], response[j]);
  };
  for (size_t i = 0; i < gold.size(); ++i) {
    Outcome found = Outcome::kDifferent;
    for (size_t step = 0; step < response.size(); ++step) {
      const size_t j = (i + step) % response.size();
      if (used[j]) continue;
      const Outcome outcome = match(i, j);
      if (IsEqual(outcome)) {
        used[j] = true;
        found = outcome;
        break;
      }
      if (outcome != Outcome::kDifferent) found = outcome;
    }
    all = Both(all, found);
    if (!IsEqual(all)) return all;
  }
  for (size_t j = 0; j < response.size(); ++j) {  // repeated elements
    bool repeats = used[j];
    for (size_t i = 0; i < gold.size() && !repeats; ++i) repeats = IsEqual(match(i, j));
    if (!repeats) return Decided(Rule::kElements, Outcome::kDifferent);
  }
  return all;
}

std::vector<Operand> Matcher::Distinct(const std::vector<Operand>& elements) {
  std::vector<Operand> out;
  for (const Operand& element : elements) {
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const Operand& other) { return IsEqual(Match(other, element)); });
    if (!known) out.push_back(element);
  }
  return out;
}

Outcome Matcher::MatchCollections(const Operand& gold, const Operand& response) {
  const Kind g = gold.node().kind, r = response.node().kind;
  const auto bag = [](Kind kind) { return kind == Kind::kList || kind == Kind::kSet; };
  if (bag(g) && bag(r)) {
    const bool ordered = options_.ordered_lists && g == Kind::kList && r == Kind::kList;
    if (ordered) return InOrder(Kids(gold), Kids(response));
    const Outcome outcome = AnyOrder(Kids(gold), Kids(response));
    // A set has no repetitions, a list may.
    const bool sets = (g == Kind::kSet || r == Kind::kSet) && gold.node().count <= kMaxDistinct &&
                      response.node().count <= kMaxDistinct;
    if (IsEqual(outcome) || !sets) return outcome;
    const auto elements = [this](const Operand& of) {
      return of.node().kind == Kind::kSet ? Distinct(Kids(of)) : Kids(of);
    };
    const std::vector<Operand> a = elements(gold), b = elements(response);
    const bool fewer = a.size() < gold.node().count || b.size() < response.node().count;
    return fewer ? AnyOrder(a, b) : outcome;
  }
  if (g == Kind::kTuple && r == Kind::kTuple) return InOrder(Kids(gold), Kids(response));
  // "1, 2" is the pair (1,2) without its brackets, in this order.
  if ((g == Kind::kTuple && r == Kind::kList) || (g == Kind::kList && r == Kind::kTuple)) {
    const Outcome plain = InOrder(Kids(gold), Kids(response));
    return plain;
  }
  // {5} is 5.
  if (g == Kind::kSet && gold.node().count == 1 && IsScalarKind(r)) return Match(gold.Kid(0), response);
  if (r == Kind::kSet && response.node().count == 1 && IsScalarKind(g)) return Match(gold, response.Kid(0));
  return Decided(Rule::kKind, Outcome::kDifferent);
}

namespace {

Outcome CompareTrees(const Tree& gold, const Tree& response, const Options& options, Rule* rule) {
  Matcher matcher(options, gold.names, rule);
  const Outcome outcome = matcher.Match({&gold, gold.root}, {&response, response.root});
  if (rule != nullptr && outcome == Outcome::kUndecided) *rule = Rule::kUndecided;
  if (rule != nullptr && outcome == Outcome::kOverBudget) *rule = Rule::kBudget;
  return outcome;
}

}  // namespace

Outcome CompareAnswers(const Tree& gold, const Tree& response, const Options& options, Rule* rule) {
  const Readings readings = ReadApplications(gold, response);
  if (!readings.any) return CompareTrees(gold, response, options, rule);
  const Outcome applied = CompareTrees(readings.gold, readings.response, options, rule);
  if (!readings.ambiguous || !IsEqual(applied)) return applied;
  return Both(applied, CompareTrees(readings.gold_product, readings.response_product, options, rule));
}

}  // namespace drover::verifier
