// Other orders, ends and elements: what stands around the values.
#include <algorithm>
#include <array>

#include "verifier/mutation/evaluate.h"
#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

bool Is(const Gold& gold, Shape shape) { return gold.answer && gold.answer->shape == shape; }

bool IsPair(const Gold& gold, Shape shape) {
  return Is(gold, shape) && gold.answer->items.size() == 2 && gold.answer->items[0].shape == Shape::kScalar &&
         gold.answer->items[1].shape == Shape::kScalar;
}

std::optional<Made> IfDifferent(const Gold& gold, const Answer& answer, Rng& rng) {
  if (!ProvedDifferent(*gold.answer, answer)) return std::nullopt;
  return Made(Write(answer, AnySpelling(rng)));
}

std::optional<Made> Reordered(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kTuple)) return std::nullopt;
  Answer answer = *gold.answer;
  const size_t i = rng.Below(answer.items.size());
  std::swap(answer.items[i], answer.items[(i + 1) % answer.items.size()]);
  return IfDifferent(gold, answer, rng);
}

bool IsCollection(const Gold& gold) {
  return Is(gold, Shape::kTuple) || Is(gold, Shape::kList) || Is(gold, Shape::kSet);
}

std::optional<Made> ElementDropped(const Gold& gold, Rng& rng) {
  if (!IsCollection(gold)) return std::nullopt;
  Answer answer = *gold.answer;
  answer.items.erase(answer.items.begin() + static_cast<std::ptrdiff_t>(rng.Below(answer.items.size())));
  return answer.items.size() < 2 ? std::nullopt : IfDifferent(gold, answer, rng);
}

std::optional<Made> ElementAdded(const Gold& gold, Rng& rng) {
  if (!IsCollection(gold)) return std::nullopt;
  Answer answer = *gold.answer;
  answer.items.push_back(Scalar(Integer(rng.Between(-99, 999))));
  return IfDifferent(gold, answer, rng);
}

std::optional<Made> OneOfMany(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kList) && !Is(gold, Shape::kSet)) return std::nullopt;
  Answer one = *gold.answer;
  one.items = {rng.Of(gold.answer->items)};
  if (!ProvedDifferent(*gold.answer, one)) return std::nullopt;
  return Made(Write(one.items[0], AnySpelling(rng)));
}

std::optional<Made> CandidateAdded(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar)) return std::nullopt;
  const Expr other = Integer(rng.Between(-99, 999));
  if (!ShowsDifference(gold.answer->value, other, 0.02L)) return std::nullopt;
  const std::string a = Write(*gold.answer, AnySpelling(rng)), b = ToLatex(other);
  constexpr std::array<const char*, 4> kBefore = {"", "\\{", "(", "["};
  constexpr std::array<const char*, 4> kAfter = {"", "\\}", ")", "]"};
  const size_t i = rng.Below(kBefore.size());
  return Made(kBefore[i] + (rng.Chance(50) ? a + ", " + b : b + ", " + a) + kAfter[i]);
}

std::optional<Made> EndTurned(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kInterval)) return std::nullopt;
  Answer answer = *gold.answer;
  if (rng.Chance(50) ? answer.items[0].value != nullptr : answer.items[1].value == nullptr) {
    answer.before = answer.before == "(" ? "[" : "(";
    if (!answer.items[0].value) return std::nullopt;
  } else {
    answer.after = answer.after == ")" ? "]" : ")";
    if (!answer.items[1].value) return std::nullopt;
  }
  return Made(Write(answer, AnySpelling(rng)));
}

std::optional<Made> EndMadeInfinite(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kInterval)) return std::nullopt;
  Answer answer = *gold.answer;
  const bool low = rng.Chance(50);
  Answer& end = answer.items[low ? 0 : 1];
  if (!end.value) return std::nullopt;
  end = Answer();
  (low ? answer.before : answer.after) = low ? "(" : ")";
  return Made(Write(answer, AnySpelling(rng)));
}

// (a, b) against y = a, x = b, and against (y, x) = (a, b): names give an order of their own.
std::optional<Made> NamesOutOfOrder(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kTuple) || gold.answer->items.size() > 3) return std::nullopt;
  const auto& items = gold.answer->items;
  for (const Answer& item : items) {
    if (item.shape != Shape::kScalar || !Symbols(item.value).empty()) return std::nullopt;
  }
  if (!ProvedDifferent(items[0], items[1])) return std::nullopt;
  std::vector<std::string> names = {"x", "y", "z"};
  names.resize(items.size());
  std::swap(names[0], names[1]);
  const Spelling spelling = AnySpelling(rng);
  std::string assigned, listed, values;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string value = Write(items[i], spelling), comma = i == 0 ? "" : ", ";
    assigned += comma + names[i] + "=" + value;
    listed += (i == 0 ? "" : ",") + names[i];
    values += comma + value;
  }
  return Made(rng.Chance(50) ? assigned : "(" + listed + ")=(" + values + ")");
}

// 1,2 is a list: neither 1.2 nor 6/5.
std::optional<Made> ListAsDecimal(const Gold& gold, Rng& rng) {
  if (!IsPair(gold, Shape::kList)) return std::nullopt;
  int a = 0, b = 0;
  if (!IsInteger(gold.answer->items[0].value, &a) || !IsInteger(gold.answer->items[1].value, &b) || b < 0) {
    return std::nullopt;
  }
  const std::string digits = std::to_string(b);
  // "1,22" may be a decimal comma against 1.22: docs/reference/math-grammar.md, conventions.
  if (a >= 0 && a < 10 && digits.size() >= 2) return std::nullopt;
  if (rng.Chance(60)) return Made(std::to_string(a) + "." + digits);
  const std::string sign = a < 0 ? "-" : "";
  return Made(sign + "\\frac{" + std::to_string(std::abs(a)) + digits + "}{1" +
              std::string(digits.size(), '0') + "}");
}

std::optional<Made> SumOfElements(const Gold& gold, Rng& rng) {
  if (!IsPair(gold, Shape::kList) && !IsPair(gold, Shape::kTuple)) return std::nullopt;
  const auto& items = gold.answer->items;
  return Made(ToLatex(Sum(items[0].value, items[1].value), AnySpelling(rng)));
}

std::optional<Made> BothSigns(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar) || !ShowsDifference(gold.answer->value, Negative(gold.answer->value), 0)) {
    return std::nullopt;
  }
  const std::string value = ToLatex(gold.answer->value, AnySpelling(rng));
  return Made("\\pm " + (gold.answer->value->op == Op::kSum ? "(" + value + ")" : value));
}

// A gold that names both signs, against one of them.
std::optional<Made> OneSign(const Gold& gold, Rng& rng) {
  const size_t at = gold.text.find("\\pm");
  if (at == gold.text.npos || gold.text.find("\\pm", at + 1) != gold.text.npos) return std::nullopt;
  std::string text = gold.text;
  text.replace(at, 3, rng.Chance(50) ? "+" : "-");
  return Made(text);
}

// 0.25 and not 0.25 + 10^-20: what sampling in floating point cannot see.
std::optional<Made> TinyTerm(const Gold& gold, Rng& rng) {
  if (!Is(gold, Shape::kScalar) || gold.text.find('.') != gold.text.npos) return std::nullopt;
  const Expr power = Integer(rng.Between(12, 60));
  const Expr base = rng.Chance(50) ? Integer(10) : rng.Chance(50) ? Make(Op::kConstant, "e") : Pi();
  const Expr term = Quotient(Integer(1), Power(base, power));
  return Made(ToLatex(Sum(gold.answer->value, term), AnySpelling(rng)));
}

std::optional<Made> Unsolved(const Gold& gold, Rng& rng) {
  int value = 0;
  if (!Is(gold, Shape::kScalar) || !IsInteger(gold.answer->value, &value)) return std::nullopt;
  const int factor = rng.Between(2, 9), term = rng.Between(1, 30);
  return Made(std::to_string(factor) + "x+" + std::to_string(term) + "=" +
              std::to_string(factor * value + term));
}

}  // namespace

std::span<const Step> WrongShapes() {
  static constexpr Step kSteps[] = {
      {"order of a tuple", Reordered},
      {"element dropped", ElementDropped},
      {"element added", ElementAdded},
      {"one element of many", OneOfMany},
      {"candidate added", CandidateAdded},
      {"interval's end turned", EndTurned},
      {"interval's end made infinite", EndMadeInfinite},
      {"names out of order", NamesOutOfOrder},
      {"list as a decimal", ListAsDecimal},
      {"sum of the elements", SumOfElements},
      {"both signs", BothSigns},
      {"one sign of two", OneSign},
      {"tiny term", TinyTerm},
      {"equation left unsolved", Unsolved},
  };
  return kSteps;
}

}  // namespace drover::verifier::mutation
