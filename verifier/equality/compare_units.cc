// Percent, degrees, currencies, units of measure and names of what is counted: all of them are units of one kind, and a
// number compares with another only if their units agree or one of the two has none.
#include <algorithm>

#include "verifier/chars.h"
#include "verifier/equality/matcher.h"
#include "verifier/equality/rational.h"

namespace drover::verifier {
namespace {

bool Is(const Unit& unit, std::string_view base) {
  return unit.measures.size() == 1 && unit.measures[0].first == base && unit.measures[0].second == 1;
}

// "25^\circ" is said of angles and of temperatures.
bool IsTemperature(const Unit& unit) { return Is(unit, "celsius") || Is(unit, "fahrenheit"); }

// "units" stand for any length, area or volume, and for what is counted.
bool IsGeometric(const Unit& unit) {
  for (const auto& [base, power] : unit.measures) {
    if (base != "m" && base != "inch" && base != "unit" && base != "l" && base != "gallon") return false;
  }
  return true;
}

// Adds the unit of an inner mark to that of an outer one: "\$12 per hour", "^\circ" before "C", "5% of the students". The same
// unit in a sign and in words is one ("\$5 dollars"); two signs of it ("5%%") are none.
void Join(const Unit& inner, bool outer_words, Unit* outer) {
  const bool degrees = Is(inner, "degree") && IsTemperature(*outer);
  bool further = false;
  for (const auto& measure : inner.measures) {
    const auto same = [&](const auto& other) { return other.first == measure.first; };
    if (degrees) continue;
    if (std::none_of(outer->measures.begin(), outer->measures.end(), same)) {
      outer->measures.push_back(measure);
      further = true;
    } else if (!outer_words || !(inner.factor == outer->factor)) {
      outer->bears = true;
    }
  }
  std::sort(outer->measures.begin(), outer->measures.end());
  outer->kinds.insert(outer->kinds.end(), inner.kinds.begin(), inner.kinds.end());
  if (further) fmpq_mul(outer->factor.get(), outer->factor.get(), inner.factor.get());
  fmpq_mul(outer->scale.get(), outer->scale.get(), inner.scale.get());
  outer->unknown = outer->unknown || inner.unknown;
  outer->bears = outer->bears || inner.bears || inner.exponent != 1 || inner.factorial;
}

}  // namespace

bool IsMeasured(Kind kind) {
  return kind == Kind::kQuantity || kind == Kind::kPercent || kind == Kind::kDegree;
}

Operand Matcher::Times(const Operand& value, const Rational& factor) {
  if (factor.is_one()) return value;
  const NodeId number = scratch_.AddNumber({.value = factor});
  return Scratch(scratch_.Add(Kind::kProduct, {number, Copy(value)}));
}

Matcher::Measure Matcher::Measured(const Operand& operand) {
  Measure out{.value = operand};
  const auto negated = [](const Operand& x) {  // "-40^\circ F" has its sign between the marks
    return x.node().kind == Kind::kNegate && IsMeasured(x.Kid(0).node().kind);
  };
  bool negative = false;
  for (int depth = 0; depth < 3 && (IsMeasured(out.value.node().kind) || negated(out.value)); ++depth) {
    if (negated(out.value)) {
      negative = !negative;
      out.value = out.value.Kid(0);
    }
    const Node& node = out.value.node();
    const bool outer_words = !out.words.empty();
    Unit unit;
    if (node.kind == Kind::kQuantity) {
      const std::string& text = out.value.tree->texts[node.value];
      unit = ReadUnit(text);
      out.words.insert(0, LowerCase(text) + ";");
    } else {
      unit.measures = {{node.kind == Kind::kPercent ? "percent" : "degree", 1}};
    }
    if (out.marked) {
      Join(unit, outer_words, &out.unit);
    } else {
      out.unit = std::move(unit);
    }
    out.marked = true;
    out.value = out.value.Kid(0);
  }
  if (negative) out.value = Negated(out.value);
  if (out.unit.bears || !out.marked) return out;
  out.value = Times(out.value, out.unit.scale);
  if (out.unit.exponent != 1) {
    const NodeId exponent = scratch_.AddInteger(out.unit.exponent);
    out.value = Scratch(scratch_.Add(Kind::kPower, {Copy(out.value), exponent}));
  }
  if (out.unit.factorial) {
    const auto function = static_cast<uint32_t>(Function::kFactorial);
    out.value = Scratch(scratch_.Add(Kind::kFunction, {Copy(out.value)}, function));
  }
  return out;
}

Outcome Matcher::MatchMeasures(const Operand& gold, const Operand& response) {
  const Measure g = Measured(gold), r = Measured(response);
  // What words that are no unit say of a number is not known; a gold's own words are units that no table has.
  if (g.unit.bears || r.unit.bears || r.unit.unknown) {
    if (!g.marked || !r.marked || g.words != r.words) return Decided(Rule::kUnit, Outcome::kDifferent);
    return Match(g.value, r.value);
  }
  if (!g.unit.names_unit() || !r.unit.names_unit()) return MatchOneMeasure(g, r);
  if (g.unit.any || r.unit.any) {
    const bool lengths = IsGeometric(g.unit) && IsGeometric(r.unit);
    return lengths ? Match(g.value, r.value) : Decided(Rule::kUnit, Outcome::kDifferent);
  }
  // "5 pounds" may be money.
  if ((Is(g.unit, "gbp") && Is(r.unit, "lb")) || (Is(g.unit, "lb") && Is(r.unit, "gbp")))
    return Match(g.value, r.value);
  if ((Is(g.unit, "degree") && Is(r.unit, "radian")) || (Is(g.unit, "radian") && Is(r.unit, "degree")))
    return MatchAngle(g, r);
  const bool temperature =
      (Is(g.unit, "degree") && IsTemperature(r.unit)) || (IsTemperature(g.unit) && Is(r.unit, "degree"));
  const bool kinds = g.unit.kinds == r.unit.kinds ||
                     (!g.unit.measures.empty() && (g.unit.kinds.empty() || r.unit.kinds.empty()));
  if (!kinds || (g.unit.measures != r.unit.measures && !temperature))
    return Decided(Rule::kUnit, Outcome::kDifferent);
  if (g.unit.factor == r.unit.factor) return Match(g.value, r.value);
  return MatchScalars(Times(g.value, g.unit.factor), Times(r.value, r.unit.factor));
}

// One side has no unit, which may be left out.
Outcome Matcher::MatchOneMeasure(const Measure& gold, const Measure& response) {
  const bool of_gold = gold.unit.names_unit();
  const Measure& measured = of_gold ? gold : response;
  const Measure& plain = of_gold ? response : gold;
  if (Is(measured.unit, "percent")) return MatchPercent(measured.value, plain.value, of_gold);
  if (Is(measured.unit, "degree")) {
    const Outcome same = Match(gold.value, response.value);
    if (IsEqual(same) || !IsScalarKind(plain.value.node().kind)) return same;
    return MatchAngle(gold, response);
  }
  return Match(gold.value, response.value);
}

// "50%" is one half. The sign may be left out on either side, as answers do ("50"), but not where the gold is a proportion.
Outcome Matcher::MatchPercent(const Operand& percent, const Operand& plain, bool of_gold) {
  if (!IsScalarKind(plain.node().kind)) return Match(of_gold ? percent : plain, of_gold ? plain : percent);
  const Operand part = Scratch(scratch_.Add(Kind::kPercent, {Copy(percent)}));
  const Outcome exact = of_gold ? MatchScalars(part, plain) : MatchScalars(plain, part);
  if (IsEqual(exact)) return exact;
  if (of_gold) return MatchScalars(percent, plain);
  Budget budget(options_.budget);
  const auto value = RationalValue(*plain.tree, plain.id, budget);
  const bool proportion = !value || !(Rational(1) < *value);
  return proportion ? exact : MatchScalars(plain, percent);
}

// Degrees against radians, which need no sign of their own.
Outcome Matcher::MatchAngle(const Measure& gold, const Measure& response) {
  const auto radians = [this](const Measure& x) {
    return Is(x.unit, "degree") ? Scratch(scratch_.Add(Kind::kDegree, {Copy(x.value)})) : x.value;
  };
  return MatchScalars(radians(gold), radians(response));
}

}  // namespace drover::verifier
