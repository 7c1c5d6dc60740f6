// Other writings of the same values, orders that do not matter, names that only say what the value is.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "verifier/mutation/evaluate.h"
#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

bool Is(const Gold& gold, Shape shape) { return gold.answer && gold.answer->shape == shape; }

bool IsConstant(const Answer& answer) {
  const std::vector<Expr> leaves = Leaves(answer);
  return std::all_of(leaves.begin(), leaves.end(), [](const Expr& leaf) { return Symbols(leaf).empty(); });
}

bool HasApplication(const Expr& expr) {
  return Any(expr, [](const Node& node) { return node.op == Op::kApplication; });
}

std::optional<Made> Itself(const Gold& gold, Rng&) { return Made(gold.text); }

std::optional<Made> SpelledAgain(const Gold& gold, Rng& rng) {
  if (!gold.answer) return std::nullopt;
  return Made(Write(*gold.answer, AnySpelling(rng)));
}

std::optional<Made> Bracketed(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  constexpr std::array<const char*, 4> kOpen = {"(", "{", "\\left(", "\\left[ "};
  constexpr std::array<const char*, 4> kClose = {")", "}", "\\right)", " \\right]"};
  const size_t i = rng.Below(kOpen.size());
  return Made(kOpen[i] + Write(*gold.answer, AnySpelling(rng)) + kClose[i]);
}

std::optional<Made> NamedValue(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar) || !IsConstant(*gold.answer) || HasApplication(gold.answer->value))
    return std::nullopt;
  constexpr std::array<const char*, 6> kNames = {"x", "n", "S", "x_1", "\\theta", "A_{n}"};
  return Made(rng.Of(kNames) + std::string(rng.Chance(50) ? " = " : "=") +
              Write(*gold.answer, AnySpelling(rng)));
}

// x^2 as p(x) = x^2: the left side is one application to the formula's letter.
std::optional<Made> NamedFormula(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar) || HasApplication(gold.answer->value)) return std::nullopt;
  const std::vector<std::string> names = Symbols(gold.answer->value);
  if (names.size() != 1 || names[0].size() != 1) return std::nullopt;
  constexpr std::array<const char*, 4> kFunctions = {"f", "p", "P", "g"};
  const std::string function = rng.Of(kFunctions);
  if (function == names[0]) return std::nullopt;
  return Made(function + "(" + names[0] + ")=" + Write(*gold.answer, AnySpelling(rng)));
}

std::optional<Made> NameDropped(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kNamed)) return std::nullopt;
  return Made(Write(gold.answer->items[0], AnySpelling(rng)));
}

std::optional<Made> RightChain(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  const int part = rng.Between(1, 40);
  const std::string sum = ToLatex(Sum(Integer(value - part), Integer(part)));
  return Made((rng.Chance(50) ? "x=" : "") + sum + "=" + std::to_string(value));
}

std::optional<Made> OrderOfElements(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kList) && !Is(gold, Shape::kSet)) return std::nullopt;
  Answer answer = *gold.answer;
  std::rotate(answer.items.begin(), answer.items.begin() + 1, answer.items.end());
  return Made(Write(answer, AnySpelling(rng)));
}

std::optional<Made> ElementRepeated(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kSet)) return std::nullopt;
  Answer answer = *gold.answer;
  answer.items.push_back(rng.Of(gold.answer->items));
  return Made(Write(answer, AnySpelling(rng)));
}

std::optional<Made> NamesInOrder(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kTuple) || gold.answer->items.size() != 2 || !IsConstant(*gold.answer))
    return std::nullopt;
  for (const Answer& item : gold.answer->items) {
    if (item.shape != Shape::kScalar) return std::nullopt;
  }
  const Spelling spelling = AnySpelling(rng);
  const std::string a = Write(gold.answer->items[0], spelling), b = Write(gold.answer->items[1], spelling);
  return Made(rng.Chance(50) ? "x=" + a + ", y=" + b : "(x,y)=(" + a + ", " + b + ")");
}

std::optional<Made> IntervalAsInequality(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kInterval)) return std::nullopt;
  const Answer& interval = *gold.answer;
  const Spelling spelling = AnySpelling(rng);
  const auto& low = interval.items[0];
  const auto& high = interval.items[1];
  if (!low.value && !high.value) return std::nullopt;
  std::string text = "x";
  if (low.value) text = Write(low, spelling) + (interval.before == "(" ? " < " : " \\le ") + text;
  if (high.value) text += (interval.after == ")" ? " < " : " \\le ") + Write(high, spelling);
  return Made(text);
}

// (a, b) as |x - middle| < half its length.
std::optional<Made> IntervalAsDistance(const Gold& gold, Rng&) {
  int low = 0, high = 0;
  if (!Is(gold, Shape::kInterval)) return std::nullopt;
  const Answer& interval = *gold.answer;
  if (!interval.items[0].value || !IsInteger(interval.items[0].value, &low)) return std::nullopt;
  if (!interval.items[1].value || !IsInteger(interval.items[1].value, &high)) return std::nullopt;
  const bool open = interval.before == "(";
  if (open != (interval.after == ")") || (low + high) % 2 != 0) return std::nullopt;
  const Expr distance = Absolute(Difference(Symbol("x"), Integer((low + high) / 2)));
  return Made(ToLatex(distance) + (open ? "<" : "\\le ") + std::to_string((high - low) / 2));
}

std::optional<Made> Thousands(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value) || value < 1000)
    return std::nullopt;
  constexpr std::array<const char*, 5> kMarks = {",", "{,}", ",\\!", "\\,", " "};
  const std::string mark = rng.Of(kMarks);
  std::string digits = std::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), mark);
  return Made(digits);
}

std::optional<Made> MixedNumber(const Gold& gold, Rng& rng) {
  int above = 0, below = 0;
  if (!Is(gold, Shape::kScalar) || gold.answer->value->op != Op::kQuotient) return std::nullopt;
  const Expr& value = gold.answer->value;
  if (!IsInteger(value->args[0], &above) || !IsInteger(value->args[1], &below)) return std::nullopt;
  if (below <= 1 || above <= below || above % below == 0) return std::nullopt;
  const std::string whole = std::to_string(above / below), rest = std::to_string(above % below);
  return Made(rng.Chance(50) ? whole + "\\frac{" + rest + "}{" + std::to_string(below) + "}"
                             : whole + " " + rest + "/" + std::to_string(below));
}

std::optional<Made> Scientific(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value) || value < 10) return std::nullopt;
  std::string digits = std::to_string(value);
  const std::string exponent = std::to_string(digits.size() - 1);
  digits.insert(1, ".");
  if (rng.Chance(50)) return Made(digits + "\\times 10^{" + exponent + "}");
  return Made(digits + "e" + exponent);
}

}  // namespace

std::span<const Step> EqualShapes() {
  static constexpr Step kSteps[] = {
      {"itself", Itself},
      {"spelled again", SpelledAgain},
      {"bracketed", Bracketed},
      {"named", NamedValue},
      {"formula named", NamedFormula},
      {"name dropped", NameDropped},
      {"chain of equal members", RightChain},
      {"order of elements", OrderOfElements},
      {"element repeated", ElementRepeated},
      {"names in order", NamesInOrder},
      {"interval as an inequality", IntervalAsInequality},
      {"interval as a distance", IntervalAsDistance},
      {"thousands", Thousands},
      {"mixed number", MixedNumber},
      {"scientific", Scientific},
  };
  return kSteps;
}

}  // namespace drover::verifier::mutation
