// Values that come with their names: "x = 3, y = 4", "(x, y) = (3, 4)". Names say which value is which, so they decide the
// order; without names the order of a tuple does.
#include <algorithm>
#include <iterator>

#include "verifier/chars.h"
#include "verifier/equality/matcher.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxNamed = 26;

// "x_10" as ("x", 10): how names are put in order.
struct NameOrder {
  std::string base;
  int64_t index = -1;
  friend bool operator<(const NameOrder& a, const NameOrder& b) {
    return a.base != b.base ? a.base < b.base : a.index < b.index;
  }
  friend bool operator==(const NameOrder& a, const NameOrder& b) {
    return a.base == b.base && a.index == b.index;
  }
};

NameOrder OrderOf(const Operand& name) {
  NameOrder out{(*name.tree->names)[name.node().value]};
  const size_t script = out.base.find('_');
  if (script == out.base.npos || script + 1 == out.base.size() || out.base.size() > script + 9) return out;
  int64_t index = 0;
  for (size_t i = script + 1; i < out.base.size(); ++i) {
    if (!IsDigit(out.base[i])) return out;
    index = index * 10 + (out.base[i] - '0');
  }
  out.base.resize(script);
  out.index = index;
  return out;
}

// x, y, z or x_1, x_2, x_3: names whose order nobody doubts. `names` are sorted.
bool AreConsecutive(const std::vector<NameOrder>& names) {
  for (size_t i = 1; i < names.size(); ++i) {
    const NameOrder &a = names[i - 1], &b = names[i];
    const bool letters =
        a.base.size() == 1 && b.base.size() == 1 && a.index == b.index && b.base[0] == a.base[0] + 1;
    const bool indices = a.base == b.base && a.index >= 0 && b.index == a.index + 1;
    if (!letters && !indices) return false;
  }
  return true;
}

// Tuples that are customary in another order than the alphabet's.
bool IsCustomary(const std::vector<NameOrder>& names) {
  static constexpr std::string_view kOrders[] = {"m b", "rho theta phi", "r theta phi", "rho phi z",
                                                 "rho phi theta"};
  std::string joined;
  for (const NameOrder& name : names) joined += (joined.empty() ? "" : " ") + name.base;
  return std::find(std::begin(kOrders), std::end(kOrders), joined) != std::end(kOrders);
}

}  // namespace

// The parts of "x = 3, y = 4" and of "(x, y) = (3, 4)": letters and their values; nullopt for anything else, and for one
// name with several values ("x = 1, x = 2").
std::optional<std::vector<Matcher::Named>> Matcher::NamedParts(const Operand& operand) const {
  std::vector<Named> parts;
  const Kind kind = operand.node().kind;
  if (operand.node().count < 2 || operand.node().count > kMaxNamed) return std::nullopt;
  if (kind == Kind::kRelation) {
    const Named whole = Unwrap(operand);
    if (whole.name.id == kNoNode || whole.name.node().kind != Kind::kTuple) return std::nullopt;
    const Kind values = whole.value.node().kind;
    if ((values != Kind::kTuple && values != Kind::kList) ||
        whole.value.node().count != whole.name.node().count)
      return std::nullopt;
    for (uint32_t i = 0; i < whole.name.node().count; ++i)
      parts.push_back({whole.value.Kid(i), whole.name.Kid(i)});
  } else if (kind == Kind::kList || kind == Kind::kTuple) {
    for (uint32_t i = 0; i < operand.node().count; ++i) {
      if (operand.Kid(i).node().kind != Kind::kRelation) return std::nullopt;
      parts.push_back(Unwrap(operand.Kid(i)));
    }
  }
  if (parts.size() < 2) return std::nullopt;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Operand& name = parts[i].name;
    if (name.id == kNoNode || name.node().kind != Kind::kSymbol) return std::nullopt;
    for (size_t j = 0; j < i; ++j) {
      if (parts[j].name.node().value == name.node().value) return std::nullopt;
    }
  }
  return parts;
}

Outcome Matcher::MatchByName(const std::vector<Named>& gold, const std::vector<Named>& response) {
  if (gold.size() != response.size()) return Decided(Rule::kSize, Outcome::kDifferent);
  Outcome all = Outcome::kEqualExact;
  for (const Named& part : gold) {
    const auto same = [&](const Named& other) { return SameName(part.name, other.name); };
    const auto at = std::find_if(response.begin(), response.end(), same);
    if (at == response.end()) return Decided(Rule::kRelation, Outcome::kDifferent);
    all = Both(all, Match(part.value, at->value));
    if (!IsEqual(all)) break;
  }
  return all;
}

std::optional<Outcome> Matcher::MatchNamedParts(const Operand& gold, const Operand& response) {
  const auto g = NamedParts(gold), r = NamedParts(response);
  if (g && r) return MatchByName(*g, *r);
  const Operand& named = g ? gold : response;
  const Operand& plain = g ? response : gold;
  const Kind kind = plain.node().kind;
  if (!g && !r) {
    // "x = 3, x = 4" is no pair.
    for (const bool of_gold : {true, false}) {
      const Operand& list = of_gold ? gold : response;
      const Operand& tuple = of_gold ? response : gold;
      if (list.node().kind != Kind::kList || tuple.node().kind != Kind::kTuple || list.node().count < 2)
        continue;
      const Named first = Unwrap(list.Kid(0)), second = Unwrap(list.Kid(1));
      const auto symbol = [](const Named& x) {
        return x.name.id != kNoNode && x.name.node().kind == Kind::kSymbol ? int64_t{x.name.node().value}
                                                                           : int64_t{-1};
      };
      if (symbol(first) >= 0 && symbol(first) == symbol(second))
        return Decided(Rule::kRelation, Outcome::kDifferent);
    }
    return std::nullopt;
  }
  std::vector<Named> parts = g ? *g : *r;
  if ((kind != Kind::kTuple && kind != Kind::kList) || plain.node().count != parts.size())
    return std::nullopt;
  std::vector<NameOrder> names;
  for (const Named& part : parts) names.push_back(OrderOf(part.name));
  const bool one_base =
      std::all_of(names.begin(), names.end(), [&](const NameOrder& x) { return x.base == names[0].base; });
  if (kind == Kind::kList && (one_base || named.node().kind == Kind::kRelation)) return std::nullopt;
  if (!std::is_sorted(names.begin(), names.end()) && !IsCustomary(names)) {
    std::vector<NameOrder> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const bool clear = AreConsecutive(sorted);
    if (!clear && kind == Kind::kTuple) return Decided(Rule::kRelation, Outcome::kDifferent);
    if (clear) {
      std::sort(parts.begin(), parts.end(),
                [](const Named& a, const Named& b) { return OrderOf(a.name) < OrderOf(b.name); });
    }
  }
  std::vector<Operand> values;
  for (const Named& part : parts) values.push_back(part.value);
  return g ? InOrder(values, Kids(plain)) : InOrder(Kids(plain), values);
}

}  // namespace drover::verifier
