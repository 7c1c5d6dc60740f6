#include "verifier/answer_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "verifier/chars.h"
#include "verifier/choice.h"
#include "verifier/moments.h"
#include "verifier/text.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxTextBytes = 2'000;  // of an answer compared as words
constexpr size_t kMaxMomentBytes = 48;
constexpr size_t kMaxPhraseBytes = 48;

constexpr std::pair<std::string_view, std::string_view> kPhrases[] = {
    {"all real numbers", "\\mathbb{R}"},
    {"all reals", "\\mathbb{R}"},
    {"real numbers", "\\mathbb{R}"},
    {"the set of all real numbers", "\\mathbb{R}"},
    {"the set of real numbers", "\\mathbb{R}"},
    {"the reals", "\\mathbb{R}"},
    {"all integers", "\\mathbb{Z}"},
    {"the set of integers", "\\mathbb{Z}"},
    {"no solution", "\\emptyset"},
    {"no solutions", "\\emptyset"},
    {"no real solution", "\\emptyset"},
    {"no real solutions", "\\emptyset"},
    {"empty set", "\\emptyset"},
    {"the empty set", "\\emptyset"},
    {"none", "\\emptyset"},
    {"dne", "\\text{does not exist}"},
    {"does not exist", "\\text{does not exist}"},
    {"undefined", "\\text{does not exist}"},
    {"not defined", "\\text{does not exist}"},
};

// "the parallelogram", "a square": the article says nothing.
std::string_view WithoutArticle(std::string_view text) {
  for (const std::string_view article :
       {std::string_view("the "), std::string_view("a "), std::string_view("an ")}) {
    if (text.size() > article.size() + 1 && text.substr(0, article.size()) == article)
      return text.substr(article.size());
  }
  return text;
}

// "mon", "tues" are days of the week.
std::string_view WithoutAbbreviation(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kDays[] = {
      {"mon", "monday"},   {"tue", "tuesday"},   {"tues", "tuesday"},   {"wed", "wednesday"},
      {"thu", "thursday"}, {"thur", "thursday"}, {"thurs", "thursday"}, {"fri", "friday"},
      {"sat", "saturday"}, {"sun", "sunday"}};
  for (const auto& [abbreviation, day] : kDays) {
    if (text == abbreviation) return day;
  }
  return text;
}

// The parts of "Alice, Bob and Carol", sorted.
std::vector<std::string_view> Parts(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t comma = text.find(','), connective = text.find(" and ");
    const size_t at = std::min(comma, connective);
    std::string_view part = TrimSpace(text.substr(0, at));
    if (part.substr(0, 4) == "and ") part = TrimSpace(part.substr(4));
    if (!part.empty()) parts.push_back(WithoutArticle(part));
    if (at == text.npos) break;
    text.remove_prefix(at + (at == comma ? 1 : 5));
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

bool SameWords(const std::string& a, const std::string& b) {
  const std::string left = LowerCase(a), right = LowerCase(b);
  if (left == right) return true;
  if (WithoutAbbreviation(WithoutArticle(left)) == WithoutAbbreviation(WithoutArticle(right))) return true;
  const bool lists = left.find(',') != left.npos || left.find(" and ") != left.npos;
  return lists && Parts(left) == Parts(right);
}

std::optional<TextVerdict> Moments(const std::string& a, const std::string& b) {
  if (a.size() > kMaxMomentBytes || b.size() > kMaxMomentBytes) return std::nullopt;
  const auto time_a = ReadTimeOfDay(a), time_b = ReadTimeOfDay(b);
  if (time_a && time_b && (time_a->half_day_given || time_b->half_day_given)) {
    const bool named = IsWords(a) || IsWords(b);  // "13:20" alone may be a ratio
    if (named) return TextVerdict{Rule::kTime, SameTime(*time_a, *time_b)};
  }
  const auto date_a = ReadDate(a), date_b = ReadDate(b);
  if (date_a && date_b) return TextVerdict{Rule::kDate, *date_a == *date_b};
  return std::nullopt;
}

}  // namespace

bool IsWords(std::string_view bare) {
  int letters = 0;
  for (char c : bare) letters += IsAlpha(c) || static_cast<unsigned char>(c) >= 0x80;
  return letters >= 2;
}

std::optional<TextVerdict> CompareMoments(std::string_view gold, std::string_view response) {
  if (gold.size() > 2 * kMaxMomentBytes || response.size() > 2 * kMaxMomentBytes) return std::nullopt;
  return Moments(BareText(gold), BareText(response));
}

std::optional<TextVerdict> CompareTexts(std::string_view gold, std::string_view response) {
  if (gold.size() > kMaxTextBytes || response.size() > kMaxTextBytes) return std::nullopt;
  const std::string a = BareText(gold), b = BareText(response);
  if (a.empty()) return std::nullopt;
  // Braces and asterisks are gone from these: they say nothing about formulas.
  const auto formula_marks = [](std::string_view raw, std::string_view bare) {
    return bare.find_first_of("^_\\/") != bare.npos || raw.find('*') != raw.npos;
  };
  const bool formula = formula_marks(gold, a) || formula_marks(response, b);
  if (a == b && !formula) return TextVerdict{Rule::kText, true};
  const auto choice_a = ReadChoice(a, /*prose=*/false), choice_b = ReadChoice(b, /*prose=*/false);
  if (choice_a && choice_b) return TextVerdict{Rule::kChoice, *choice_a == *choice_b};
  if (auto moment = Moments(a, b)) return moment;
  const bool text = gold.find("\\text") != gold.npos || response.find("\\text") != response.npos;
  const bool words = !formula && IsWords(a) && IsWords(b) && (text || (a.size() >= 3 && b.size() >= 3));
  if (words && SameWords(a, b)) return TextVerdict{Rule::kText, true};
  return std::nullopt;
}

std::string_view PhraseAsMath(std::string_view text) {
  if (text.size() < 3 || text.size() > kMaxPhraseBytes) return {};
  if (std::any_of(text.begin(), text.end(), IsDigit)) return {};
  const std::string bare = LowerCase(BareText(text));
  for (const auto& [phrase, latex] : kPhrases) {
    if (bare == phrase) return latex;
  }
  return {};
}

}  // namespace drover::verifier
