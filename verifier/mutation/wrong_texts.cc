// Words, marks and statements around the right value that make it another value, deny it, or leave a choice.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "verifier/mutation/evaluate.h"
#include "verifier/mutation/prose.h"
#include "verifier/mutation/step.h"
#include "verifier/mutation/units.h"

namespace drover::verifier::mutation {
namespace {

bool Is(const Gold& gold, Shape shape) { return gold.answer && gold.answer->shape == shape; }

// The gold's own text, as mathematics in a box takes it.
std::string Bare(const Gold& gold) {
  std::string text;
  for (size_t i = 0; i < gold.text.size(); ++i) {
    if (gold.text[i] == '$' && (i == 0 || gold.text[i - 1] != '\\')) continue;
    if (gold.text[i] != '\n') text += gold.text[i];
  }
  return text;
}

std::string Filled(const std::string& pattern, const std::string& right, const std::string& wrong) {
  std::string out;
  for (const char c : pattern) out += c == '#' ? right : c == '@' ? wrong : std::string(1, c);
  return out;
}

// A whole number that is none of the gold's values.
std::optional<Expr> OtherValue(const Expr& value, Rng& rng) {
  const Expr other = Integer(rng.Between(-50, 999));
  return ShowsDifference(value, other, 0.02L) ? std::optional<Expr>(other) : std::nullopt;
}

std::optional<Made> Chain(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  const auto other = OtherValue(gold.answer->value, rng);
  if (!other) return std::nullopt;
  constexpr std::array<const char*, 9> kPatterns = {"x=@=#",   "@=#",    "#=@",   "P=@=#",   "y=#=@",
                                                    "x=#=@=#", "AB=@=#", "e=@=#", "f(2)=@=#"};
  return Made(Filled(rng.Of(kPatterns), Write(*gold.answer, AnySpelling(rng)), ToLatex(*other)));
}

std::optional<Made> OfTwo(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  const auto other = OtherValue(gold.answer->value, rng);
  if (!other) return std::nullopt;
  constexpr std::array<const char*, 18> kPatterns = {"#\\text{ or }@",
                                                     "@\\text{ or }#",
                                                     "#\\text{ and }@",
                                                     "\\text{either }#\\text{ or }@",
                                                     "#\\text{ (or }@)",
                                                     "#\\text{ maybe }@",
                                                     "# \\lor @",
                                                     "\\text{not }#\\text{ but }@",
                                                     "#; @",
                                                     "#\\text{ or perhaps }@",
                                                     "#\\text{ vs. }@",
                                                     "#\\text{ instead of }@",
                                                     "x=#\\text{ or }x=@",
                                                     "#\\text{ is wrong; }@",
                                                     "# or @",
                                                     "@ and #",
                                                     "#\\quad @",
                                                     "\\text{between }#\\text{ and }@"};
  return Made(Filled(rng.Of(kPatterns), Write(*gold.answer, AnySpelling(rng)), ToLatex(*other)));
}

std::optional<Made> Denied(const Gold& gold, Rng& rng) {
  if (Bare(gold).find('=') != std::string::npos) return std::nullopt;
  if (Is(gold, Shape::kChoice)) return std::nullopt;  // "(D) impossible" may be the option's own text
  constexpr std::array<const char*, 21> kPatterns = {"\\text{not }#",
                                                     "#\\text{ is wrong}",
                                                     "#\\text{ (rejected)}",
                                                     "#\\text{ rejected}",
                                                     "#\\text{ is excluded}",
                                                     "#\\text{ incorrect}",
                                                     "#\\text{ impossible}",
                                                     "#\\text{ is not the answer}",
                                                     "#\\text{ extraneous}",
                                                     "#\\text{ cannot be}",
                                                     "#\\text{ is false}",
                                                     "\\text{anything but }#",
                                                     "\\text{never }#",
                                                     "\\neg #",
                                                     "#\\text{ maybe}",
                                                     "#\\text{ is refuted}",
                                                     "not #",
                                                     "# (rejected)",
                                                     "# is wrong",
                                                     "\\text{no, not }#",
                                                     "#\\text{ is invalid}"};
  return Made(Filled(rng.Of(kPatterns), Bare(gold), ""));
}

// Of a constant that is neither 0 nor 1 nor -1, so that multiples and powers differ from it.
std::optional<Made> WordsOfValue(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar) || !Symbols(gold.answer->value).empty()) return std::nullopt;
  const Expr& value = gold.answer->value;
  for (const int special : {0, 1, -1}) {
    if (!ShowsDifference(value, Integer(special), 0)) return std::nullopt;
  }
  constexpr std::array<const char*, 26> kPatterns = {"#\\text{ hundred}",       "#\\text{ thousand}",
                                                     "#\\text{ dozen}",         "#\\text{ halves}",
                                                     "#\\text{ thirds}",        "#\\text{ tenths}",
                                                     "#\\text{ squared}",       "#\\text{ cubed}",
                                                     "#\\text{ doubled}",       "#\\text{ tripled}",
                                                     "#\\text{ plus one}",      "#\\text{ minus one}",
                                                     "#\\text{ plus }2",        "#\\text{ times }3",
                                                     "#\\text{ percent of }10", "#\\text{ lakh}",
                                                     "#\\text{ million}",       "\\text{minus }#",
                                                     "\\text{negative }#",      "\\text{twice }#",
                                                     "\\text{half of }#",       "#\\text{ to the power of }2",
                                                     "#\\text{ divided by }2",  "#\\text{ plus or minus one}",
                                                     "\\text{the square of }#", "#\\text{ quarters}"};
  return Made(Filled(rng.Of(kPatterns), Write(*gold.answer, AnySpelling(rng)), ""));
}

std::optional<Made> PointInWords(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  constexpr std::array<const char*, 4> kPatterns = {"#\\text{ point two}", "#\\text{ point five}",
                                                    "#\\text{ and a half}", "#\\text{ remainder two}"};
  return Made(Filled(rng.Of(kPatterns), std::to_string(value), ""));
}

std::optional<Made> Marked(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  int value = 0;
  const bool integer = IsInteger(gold.answer->value, &value);
  if (integer && value < 3) return std::nullopt;  // 1! and 2!
  if (!integer && Symbols(gold.answer->value).empty()) return std::nullopt;
  constexpr std::array<const char*, 5> kPatterns = {"#!", "#'", "#^{\\prime}", "#^{*}", "#^{\\dagger}"};
  // A mark after n/2 would be one of 2.
  const std::string text = Write(*gold.answer, AnySpelling(rng));
  const bool atomic = integer || gold.answer->value->op == Op::kSymbol;
  return Made(Filled(rng.Of(kPatterns), atomic ? text : "(" + text + ")", ""));
}

std::optional<Made> Truism(const Gold& gold, Rng& rng) {
  if (!gold.answer) return std::nullopt;
  const std::vector<Expr> leaves = Leaves(*gold.answer);
  const std::string number = std::to_string(rng.Between(1000, 9999));
  const bool foreign = std::all_of(leaves.begin(), leaves.end(), [&](const Expr& leaf) {
    return ShowsDifference(leaf, Number(number), 0.02L);
  });
  return leaves.empty() || !foreign ? std::nullopt : std::optional(Made(number + "=" + number));
}

std::optional<Made> OtherUnit(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kQuantity)) return std::nullopt;
  const Unit* unit = FindUnit(gold.answer->before, gold.answer->after);
  if (unit == nullptr || !ShowsDifference(gold.answer->value, Integer(0), 0)) return std::nullopt;
  const Unit& other = rng.Of(Units());
  // 30 cm^2 and 30 cm differ, 30 degrees and 30 rad, 30 m and 30 km.
  if (other.dimension == unit->dimension && other.scale == unit->scale) return std::nullopt;
  return Made(other.before + ToLatex(gold.answer->value) + other.after);
}

std::optional<Made> OtherChoice(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kChoice)) return std::nullopt;
  const char right = gold.answer->before[0];
  const char wrong = static_cast<char>('A' + (right - 'A' + rng.Between(1, 4)) % 5);
  constexpr std::array<const char*, 16> kPatterns = {"\\text{(@)}",
                                                     "@",
                                                     "\\text{(#) and (@)}",
                                                     "\\text{(#) or (@)}",
                                                     "(#) or (@)",
                                                     "(@), (#)",
                                                     "#, @",
                                                     "\\text{(#) is wrong; (@)}",
                                                     "\\text{not (#)}",
                                                     "\\text{(@), not (#)}",
                                                     "\\textbf{(@)}",
                                                     "\\text{#: no, @}",
                                                     "\\text{neither (#) nor (@)}",
                                                     "\\text{(#) is wrong}",
                                                     "\\text{(#) is not the answer}",
                                                     "(#) is excluded"};
  if (rng.Chance(10)) return Made("\\text{A: 1, B: 2, C: 3, D: 4, E: 5}");
  if (rng.Chance(10)) return Made("\\text{(A), (B), (C), (D), (E)}");
  return Made(Filled(rng.Of(kPatterns), std::string(1, right), std::string(1, wrong)));
}

std::optional<Made> OtherWord(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kWord)) return std::nullopt;
  const std::string word = gold.text.substr(6, gold.text.size() - 7);
  constexpr std::array<const char*, 7> kPatterns = {
      "\\text{@}",  "\\text{not #}",           "\\text{# or @}",  "\\text{# and @}",
      "\\text{#@}", "\\text{neither # nor @}", "\\text{@, not #}"};
  constexpr std::array<const char*, 6> kWords = {"Zelda",  "hexagon", "northwest",
                                                 "purple", "Ulrich",  "seldom"};
  return Made(Filled(rng.Of(kPatterns), word, rng.Of(kWords)));
}

// The sign belongs to the number, whatever stands between it and the last word.
std::optional<Made> SignInProse(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value) || value == 0) return std::nullopt;
  return Made(InSentence(-value, rng), RewardFormat::kPlain);
}

std::optional<Made> OtherNumberInWords(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value) || value < 0) return std::nullopt;
  const std::string word = NumberWord(value > 18 ? value % 18 : value + 1);
  return Made("\\text{" + word + "}");
}

std::optional<Made> BoxBefore(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  const auto other = OtherValue(gold.answer->value, rng);
  if (!other) return std::nullopt;
  return Made(Filled("First \\boxed{#}. After the check: \\boxed{@}.", Bare(gold), ToLatex(*other)),
              RewardFormat::kBoxed);
}

}  // namespace

std::span<const Step> WrongTexts() {
  static constexpr Step kSteps[] = {
      {"chain with a wrong member", Chain},
      {"one of two", OfTwo},
      {"denied", Denied},
      {"words that change the value", WordsOfValue},
      {"words after the point", PointInWords},
      {"mark at the end", Marked},
      {"truism", Truism},
      {"another unit", OtherUnit},
      {"another choice", OtherChoice},
      {"another word", OtherWord},
      {"another number in words", OtherNumberInWords},
      {"sign in prose", SignInProse},
      {"right box before a wrong one", BoxBefore},
  };
  return kSteps;
}

}  // namespace drover::verifier::mutation
