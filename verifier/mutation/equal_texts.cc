// Units, words, marks and prose around a value that leave it as it is.
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>

#include "verifier/mutation/prose.h"
#include "verifier/mutation/step.h"
#include "verifier/mutation/units.h"

namespace drover::verifier::mutation {
namespace {

bool Is(const Gold& gold, Shape shape) { return gold.answer && gold.answer->shape == shape; }

std::string Filled(const std::string& pattern, const std::string& right) {
  std::string out;
  for (const char c : pattern) out += c == '#' ? right : std::string(1, c);
  return out;
}

std::optional<Made> Dressed(const Gold& gold, Rng& rng) {
  if (!gold.answer || gold.answer->shape == Shape::kWord || gold.answer->shape == Shape::kChoice)
    return std::nullopt;
  constexpr std::array<const char*, 9> kPatterns = {"$#$", "\\(#\\)",    "\\[#\\]",  "#.", "\\displaystyle #",
                                                    " # ", "\\boxed{#}", "\\, #\\,", "{#}"};
  return Made(Filled(rng.Of(kPatterns), Write(*gold.answer, AnySpelling(rng))));
}

std::optional<Made> UnitSpelled(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kQuantity)) return std::nullopt;
  const Unit* unit = FindUnit(gold.answer->before, gold.answer->after);
  if (unit == nullptr) return std::nullopt;
  const std::string value = ToLatex(gold.answer->value);
  if (unit->dimension == Dimension::kMoney && unit->scale == 1) return Made(value + "\\text{ dollars}");
  return unit->spelled == nullptr || rng.Chance(20) ? Made(unit->before + value + unit->after)
                                                    : Made(value + unit->spelled);
}

std::optional<Made> UnitDropped(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kQuantity)) return std::nullopt;
  return Made(ToLatex(gold.answer->value, AnySpelling(rng)));
}

std::optional<Made> SmallerUnit(const Gold& gold, Rng&) {
  int value = 0;
  if (!Is(gold, Shape::kQuantity) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  const Unit* unit = FindUnit(gold.answer->before, gold.answer->after);
  if (unit == nullptr || unit->multiple == 0 || value > 100'000) return std::nullopt;
  return Made(std::to_string(int64_t{value} * unit->multiple) + unit->smaller);
}

std::optional<Made> CountedThings(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value) || value < 0) return std::nullopt;
  constexpr std::array<const char*, 6> kThings = {"apples", "students", "ways", "people", "units", "marbles"};
  return Made(std::to_string(value) + "\\text{ " + rng.Of(kThings) + "}");
}

// Numbers, scales and powers in words, where the gold is what they make.
std::optional<Made> NumberInWords(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!gold.answer || gold.answer->shape != Shape::kScalar) return std::nullopt;
  const Expr& number = gold.answer->value;
  int above = 0, below = 0;
  if (number->op == Op::kQuotient && IsInteger(number->args[0], &above) &&
      IsInteger(number->args[1], &below)) {
    if (above < 2) return std::nullopt;
    if (below == 2) return Made(std::to_string(above) + "\\text{ halves}");
    if (below == 3) return Made(std::to_string(above) + "\\text{ thirds}");
    if (below == 10) return Made(std::to_string(above) + "\\text{ tenths}");
    return std::nullopt;
  }
  if (!IsInteger(number, &value) || value <= 0) return std::nullopt;
  if (value % 1000 == 0) return Made(std::to_string(value / 1000) + "\\text{ thousand}");
  if (value % 100 == 0) return Made(std::to_string(value / 100) + "\\text{ hundred}");
  if (value % 12 == 0 && rng.Chance(50)) return Made(std::to_string(value / 12) + "\\text{ dozen}");
  for (int64_t root = 2; root * root <= value; ++root) {
    if (root * root == value) return Made(std::to_string(root) + "\\text{ squared}");
    if (root * root * root == value) return Made(std::to_string(root) + "\\text{ cubed}");
  }
  return std::nullopt;
}

std::optional<Made> WordSpelled(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kWord)) return std::nullopt;
  std::string word = gold.text.substr(6, gold.text.size() - 7);
  if (rng.Chance(40)) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  constexpr std::array<const char*, 5> kPatterns = {"#", "\\text{#}", "\\textbf{#}", "\\mathrm{#}",
                                                    "\\text{#.}"};
  return Made(Filled(rng.Of(kPatterns), word));
}

std::optional<Made> ChoiceSpelled(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kChoice)) return std::nullopt;
  constexpr std::array<const char*, 6> kPatterns = {
      "#", "(#)", "\\text{#}", "\\textbf{(#)}", "\\mathrm{(#)}", "\\text{(#)}"};
  return Made(Filled(rng.Of(kPatterns), gold.answer->before));
}

std::optional<Made> LastBox(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  return Made("At first \\boxed{" + std::to_string(rng.Between(1, 999)) + "}, which fails. So \\boxed{" +
                  Write(*gold.answer, AnySpelling(rng)) + "}.",
              RewardFormat::kBoxed);
}

std::optional<Made> InProse(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  return Made(InSentence(value, rng), RewardFormat::kPlain);
}

std::optional<Made> InWords(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  const std::string word = NumberWord(value);
  if (word.empty()) return std::nullopt;
  return Made(rng.Chance(50) ? "\\text{" + word + "}" : word);
}

std::optional<Made> InTags(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  const std::string value = Write(*gold.answer, AnySpelling(rng));
  return Made("Let me think.</think> <answer> " +
                  (rng.Chance(50) ? "$" + value + "$" : "\\boxed{" + value + "}") + " </answer>",
              RewardFormat::kAnswerTag);
}

}  // namespace

std::span<const Step> EqualTexts() {
  static constexpr Step kSteps[] = {
      {"dressed", Dressed},
      {"unit spelled", UnitSpelled},
      {"unit dropped", UnitDropped},
      {"smaller unit", SmallerUnit},
      {"counted things", CountedThings},
      {"number in words", NumberInWords},
      {"word spelled", WordSpelled},
      {"choice spelled", ChoiceSpelled},
      {"last box", LastBox},
      {"in prose", InProse},
      {"in words", InWords},
      {"in tags", InTags},
  };
  return kSteps;
}

}  // namespace drover::verifier::mutation
