#include "verifier/equality/same_words.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "verifier/chars.h"
#include "verifier/reading/moments.h"
#include "verifier/reading/phrases.h"
#include "verifier/reading/text.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxTextBytes = 2'000;  // of an answer compared as words
constexpr size_t kMaxMomentBytes = 48;

// "the parallelogram", "a square", "all odd primes": the article says nothing.
std::string_view WithoutArticle(std::string_view text) {
  for (const std::string_view article : {std::string_view("the "), std::string_view("a "),
                                         std::string_view("an "), std::string_view("all ")}) {
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

// Short words that answers are made of; longer ones are told from products of letters by their shape.
constexpr std::string_view kShortWords[] = {
    "yes",   "nan",  "no",    "true",  "odd",   "even", "none", "east",    "west", "north",
    "south", "left", "right", "up",    "down",  "red",  "blue", "win",     "lose", "draw",
    "all",   "mon",  "tue",   "wed",   "thu",   "fri",  "sat",  "sun",     "may",  "june",
    "july",  "male", "line",  "point", "acute", "cube", "cone", "rhombus", "real", "both"};

bool IsVowel(char c) { return std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos; }

// True for a run of letters that is a word of a language, so that its case says nothing. Words in \text{} are words unless
// their capitals stand where no word has them ("mgH"); bare letters must not look like a product of symbols ("abcde").
bool FoldsCase(std::string_view run, bool typeset) {
  if (std::find(std::begin(kShortWords), std::end(kShortWords), LowerCase(run)) != std::end(kShortWords))
    return true;
  const bool lower = std::all_of(run.begin() + 1, run.end(), IsLower);
  const bool upper = std::all_of(run.begin(), run.end(), IsUpper);
  if (!(lower || upper) || std::none_of(run.begin(), run.end(), IsVowel)) return false;
  if (typeset) return run.size() >= 3;
  bool ascending = true;
  for (size_t i = 1; i < run.size(); ++i) ascending = ascending && ToLower(run[i - 1]) < ToLower(run[i]);
  return run.size() >= 5 && !ascending;
}

// Little words that only join others.
bool IsParticle(std::string_view run) {
  static constexpr std::string_view kParticles[] = {"a",  "an", "the", "and", "or", "of", "in",
                                                    "is", "to", "not", "at",  "by", "on", "for"};
  return std::find(std::begin(kParticles), std::end(kParticles), LowerCase(run)) != std::end(kParticles);
}

// True for an answer of which every run of letters is a word.
bool IsAllWords(std::string_view raw, std::string_view bare) {
  if (bare.find_first_of("^_\\/=<>+|*") != bare.npos || raw.find('*') != raw.npos) return false;
  const bool typeset = FindFirst(raw, "\\text") != raw.npos || FindFirst(raw, "\\mbox") != raw.npos;
  bool any = false;
  for (size_t i = 0; i < bare.size();) {
    if (static_cast<unsigned char>(bare[i]) >= 0x80) any = true;  // other scripts have words only
    if (!IsAlpha(bare[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < bare.size() && IsAlpha(bare[end])) ++end;
    const std::string_view run = bare.substr(i, end - i);
    const bool word = FoldsCase(run, typeset);
    if (!word && !IsParticle(run)) return false;
    any = any || word;
    i = end;
  }
  return any;
}

// Without what ends an exclamation.
std::string_view WithoutMark(std::string_view text) {
  while (!text.empty() && (text.back() == '!' || text.back() == '.')) text.remove_suffix(1);
  return text;
}

// False for most texts that are no time and no date: each of these has a digit or is one of two words, none has a formula's
// marks or a command that is neither words nor space, and all but words have a colon, a hyphen or two letters.
bool MayBeMoment(std::string_view text) {
  if (HasFormulaMark(text)) return false;
  bool digit = false, sign = false;
  int letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    digit = digit || IsDigit(c);
    sign = sign || c == ':' || c == '-';
    letters += IsAlpha(c);
    if (c != '\\') continue;
    size_t end = i + 1;
    while (end < text.size() && IsAlpha(text[end])) ++end;
    const std::string_view name = text.substr(i + 1, end - i - 1);
    if (!name.empty() && !IsTextCommand(name) && !IsSpacingCommand(name)) return false;
    i = name.empty() ? i + 1 : end - 1;
  }
  if (!sign && letters < 2) return false;
  return digit || FindFirst(text, "noon") != text.npos || FindFirst(text, "midnight") != text.npos;
}

std::optional<TextVerdict> Moments(const std::string& a, const std::string& b) {
  if (a.size() > kMaxMomentBytes || b.size() > kMaxMomentBytes) return std::nullopt;
  const auto time_a = ReadTimeOfDay(a), time_b = ReadTimeOfDay(b);
  if (time_a && time_b) {
    // "13:20" alone may be a ratio; a gold that is no ratio in lowest terms, or seconds on one side, say that it is none.
    const bool named = (IsWords(a) || IsWords(b)) && (time_a->half_day_given || time_b->half_day_given);
    const bool seconds = time_a->second_given != time_b->second_given;
    const bool reducible = !time_a->second_given && std::gcd(time_a->hour, time_a->minute) > 1;
    if (named || seconds || reducible) return TextVerdict{Rule::kTime, SameTime(*time_a, *time_b)};
  }
  const auto date_a = ReadDate(a), date_b = ReadDate(b);
  if (date_a && date_b) return TextVerdict{Rule::kDate, *date_a == *date_b};
  return std::nullopt;
}

}  // namespace

std::optional<TextVerdict> CompareMoments(std::string_view gold, std::string_view response) {
  if (gold.size() > 2 * kMaxMomentBytes || response.size() > 2 * kMaxMomentBytes) return std::nullopt;
  if (!MayBeMoment(gold) || !MayBeMoment(response)) return std::nullopt;
  return Moments(BareText(gold), BareText(response));
}

bool SameWords(std::string_view gold, std::string_view response) {
  if (gold.size() > kMaxTextBytes || response.size() > kMaxTextBytes || HasFormulaMark(gold)) return false;
  const std::string a = BareText(gold), b = BareText(response);
  if (!IsWords(a) || !IsWords(b) || !IsAllWords(gold, a)) return false;
  const std::string lower_a = LowerCase(a), lower_b = LowerCase(b);
  const std::string_view left = WithoutMark(lower_a), right = WithoutMark(lower_b);
  if (left == right) return true;
  if (WithoutAbbreviation(WithoutArticle(left)) == WithoutAbbreviation(WithoutArticle(right))) return true;
  const bool lists = left.find(',') != left.npos || left.find(" and ") != left.npos;
  return lists && Parts(left) == Parts(right);
}

bool SameCharacters(std::string_view gold, std::string_view response) {
  // White space stays where it parts letters or digits.
  const auto collapsed = [](std::string_view text) {
    std::string out;
    bool space = false;
    for (const char c : text) {
      if (IsSpace(c) || c == '$') {
        space = true;
        continue;
      }
      const auto joins = [](char x) { return IsAlpha(x) || IsDigit(x); };
      if (space && !out.empty() && joins(out.back()) && joins(c)) out += ' ';
      space = false;
      out += c;
    }
    return out;
  };
  if (gold.size() > kMaxTextBytes || response.size() > kMaxTextBytes) return false;
  const std::string a = collapsed(gold);
  return !a.empty() && a == collapsed(response);
}

}  // namespace drover::verifier
