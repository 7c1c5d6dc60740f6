#include "verifier/reading/units.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "verifier/chars.h"
#include "verifier/reading/number_words.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxUnitBytes = 512;  // longer ones are no units
constexpr int kMaxUnitPower = 12;
constexpr int kMaxValuePower = 1'000;

// Words that deny, hedge, compare or offer another answer: nothing beside them is an answer.
constexpr std::string_view kBearing[] = {
    "not",        "or",      "and",        "but",       "is",          "isn",     "are",      "was",
    "were",       "no",      "none",       "if",        "neither",     "nor",     "either",   "except",
    "unless",     "never",   "nan",        "unknown",   "undefined",   "false",   "less",     "least",
    "most",       "than",    "fewer",      "over",      "under",       "above",   "below",    "about",
    "around",     "nearly",  "almost",     "roughly",   "maybe",       "perhaps", "possibly", "wrong",
    "times",      "divided", "multiplied", "remainder", "mod",         "modulo",  "point",    "cannot",
    "can",        "without", "instead",    "versus",    "vs",          "equals",  "exceeds",  "excludes",
    "fails",      "differs", "does",       "has",       "contradicts", "this",    "inverse",  "opposite",
    "reciprocal", "root",    "log",        "to",        "through",     "until",   "between",  "both",
    "some",       "many",    "few",        "every",     "base",        "power",   "twice",    "thrice",
    "score",      "gross",   "plenty",     "minuses",   "becomes",     "vanishes"};

// Words that say nothing about the value: of a unit or of what is counted, and the ends of ordinals.
constexpr std::string_view kFillers[] = {
    "of",        "a",         "an",       "the",    "total",    "altogether",  "exactly", "each",
    "different", "distinct",  "old",      "long",   "tall",     "wide",        "high",    "deep",
    "away",      "ago",       "for",      "from",   "on",       "at",          "any",     "with",
    "later",     "possible",  "in",       "all",    "whole",    "full",        "ordered", "unordered",
    "left",      "remaining", "more",     "played", "sold",     "made",        "eaten",   "needed",
    "required",  "used",      "spent",    "saved",  "earned",   "even",        "odd",     "prime",
    "real",      "complex",   "rational", "equal",  "separate", "consecutive", "such",    "other",
    "solid",     "new",       "big",      "small",  "large",    "little",      "red",     "blue",
    "green",     "yellow",    "white",    "black",  "brown",    "pink",        "purple",  "gold",
    "silver",    "them",      "these",    "those",  "their",    "his",         "her",     "our",
    "your",      "th",        "st",       "nd",     "rd"};

template <class Table>
bool IsOneOf(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool IsWordByte(char c) { return IsAlpha(c) || static_cast<unsigned char>(c) >= 0x80; }

void Multiply(std::string base, int power, Unit::Powers* powers) {
  for (auto& entry : *powers) {
    if (entry.first == base) {
      entry.second += power;
      return;
    }
  }
  powers->emplace_back(std::move(base), power);
}

void Tidy(Unit::Powers* powers) {
  std::erase_if(*powers, [](const auto& entry) { return entry.second == 0; });
  std::sort(powers->begin(), powers->end());
}

class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : text_(text) {}

  Unit Read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '/') {
        sign_ = -1;
        ++at_;
      } else if (IsWordByte(c)) {
        const std::string_view spelled = Spelled();
        Word(LowerCase(spelled), spelled);
      } else {
        if (IsDigit(c) || c == '?' || c == '!' || c == '=' || c == '<' || c == '>' || c == '+')
          unit_.bears = true;
        ++at_;
      }
    }
    if (pending_ != 0) unit_.bears = true;  // "5 square"
    Tidy(&unit_.measures);
    Tidy(&unit_.kinds);
    return std::move(unit_);
  }

 private:
  std::string_view Spelled() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsWordByte(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // Nothing has been read but words that change the number.
  bool Fresh() const { return last_ == nullptr && !named_; }

  void Word(const std::string& word, std::string_view spelled) {
    if (word == "per" && AcceptWord("cent")) {
      Named("percent", {"percent", 1, 1});
    } else if (word == "per") {
      sign_ = -1;
    } else if (word == "square" || word == "sq" || word == "cubic") {
      pending_ = word == "cubic" ? 3 : 2;
    } else if (word == "to" && Fresh() && ToThePower()) {
      return;
    } else if (word == "in" && !In()) {
      Named("inch", {"inch", 1, 1});
    } else if ((word == "positive" || word == "negative") && !Ends()) {
      return;  // "5 positive integers"
    } else if (const auto number = FindNumberWord(word); number && !FindUnit(word)) {
      Number(*number);
    } else if (IsOneOf(kBearing, word) && !IsCount(word)) {
      unit_.bears = true;
    } else if (IsOneOf(kFillers, word)) {
      return;
    } else if (word == "mph" || word == "kph" || word == "kmh") {
      const int power = Power();
      Speed(word == "mph", power);
    } else if (const auto known = FindUnit(spelled)) {
      Named(known->base, *known);
    } else {
      Kind(word);
    }
  }

  bool AcceptWord(std::string_view word) {
    std::string_view rest = text_.substr(at_);
    while (!rest.empty() && IsSpace(rest.front())) rest.remove_prefix(1);
    const bool found =
        rest.substr(0, word.size()) == word && (rest.size() == word.size() || !IsWordByte(rest[word.size()]));
    if (found) at_ = text_.size() - (rest.size() - word.size());
    return found;
  }

  // "in total", "in all" against the inch.
  bool In() const {
    const std::string_view rest = TrimSpace(text_.substr(at_));
    for (const std::string_view next :
         {"total", "all", "the", "a ", "each", "each ", "his ", "her ", "their "}) {
      if (rest.substr(0, next.size()) == next) return true;
    }
    return false;
  }

  // "5 times", "1 point" and no more.
  bool IsCount(std::string_view word) const {
    return (word == "times" || word == "point") && Fresh() && Ends();
  }

  bool Ends() const { return TrimSpace(text_.substr(at_)).empty(); }

  void Number(const NumberWord& number) {
    switch (number.role) {
      case NumberRole::kScale:
        if (!Fresh()) break;
        fmpq_mul_fmpz(unit_.scale.get(), unit_.scale.get(), Rational(number.value).num());
        return;
      case NumberRole::kFraction:
        if (!Fresh()) break;
        fmpq_div_fmpz(unit_.scale.get(), unit_.scale.get(), Rational(number.value).num());
        named_ = true;
        return;
      case NumberRole::kMultiple:
        if (!Fresh() || !Ends()) break;
        fmpq_mul_fmpz(unit_.scale.get(), unit_.scale.get(), Rational(number.value).num());
        return;
      case NumberRole::kPower:
        if (last_ != nullptr) {  // "meters squared"
          Scale(last_info_, last_power_ * (static_cast<int>(number.value) - 1));
          Multiply(std::string(last_info_.base), last_power_ * (static_cast<int>(number.value) - 1), last_);
          return;
        }
        if (!Fresh() || !Ends()) break;
        unit_.exponent = static_cast<int>(number.value);
        return;
      case NumberRole::kFactorial:
        if (!Fresh() || !Ends()) break;
        unit_.factorial = true;
        return;
      default:
        break;
    }
    unit_.bears = true;
  }

  // "to the power of three", "to the fourth power", after "to".
  bool ToThePower() {
    std::string_view rest = TrimSpace(text_.substr(at_));
    const auto accept = [&rest](std::string_view word) {
      const bool found =
          rest.substr(0, word.size()) == word && (rest.size() == word.size() || rest[word.size()] == ' ');
      if (found) rest = TrimSpace(rest.substr(word.size()));
      return found;
    };
    accept("the");
    const bool first = accept("power");
    if (first && !accept("of")) return false;
    std::string_view word = rest.substr(0, rest.find(' '));
    rest = TrimSpace(rest.substr(word.size()));
    if (!first) accept("power");
    if (word.empty() || !rest.empty()) return false;
    int64_t value = 0;
    const auto named = FindNumberWord(word);
    if (named && named->role == (first ? NumberRole::kDigit : NumberRole::kFraction)) {
      value = named->value;
    } else if (!first || word.size() > 4 || !std::all_of(word.begin(), word.end(), IsDigit)) {
      return false;
    } else {
      for (const char c : word) value = value * 10 + (c - '0');
    }
    if (value < 0 || value > kMaxValuePower) return false;
    unit_.exponent = static_cast<int>(value);
    at_ = text_.size();
    return true;
  }

  // The power after a unit's name, with what "square" and "per" add to it.
  int Power() {
    int power = pending_ == 0 ? 1 : pending_;
    pending_ = 0;
    if (at_ < text_.size() && text_[at_] == '^') {
      ++at_;
      int value = 0;
      const bool negative = at_ < text_.size() && text_[at_] == '-';
      if (negative) ++at_;
      for (; at_ < text_.size() && IsDigit(text_[at_]) && value < 100; ++at_)
        value = value * 10 + (text_[at_] - '0');
      power = negative ? -value : value;
    } else if (at_ < text_.size() && IsDigit(text_[at_])) {
      power = text_[at_++] - '0';
    }
    power *= sign_;
    if (std::abs(power) > kMaxUnitPower) {
      unit_.bears = true;
      power = 0;
    }
    return power;
  }

  void Scale(const UnitInfo& info, int power) {
    Rational factor(info.num, static_cast<uint64_t>(info.den));
    fmpq_canonicalise(factor.get());
    fmpq_pow_si(factor.get(), factor.get(), power);
    fmpq_mul(unit_.factor.get(), unit_.factor.get(), factor.get());
  }

  void Named(std::string_view base, const UnitInfo& info) {
    const int power = Power();
    if (base == "unit") unit_.any = true;
    Scale(info, power);
    Multiply(std::string(base), power, &unit_.measures);
    Last(&unit_.measures, info, power);
  }

  // "mph", "kph": abbreviations of quotients.
  void Speed(bool miles, int power) {
    Scale(miles ? UnitInfo{"inch", 63360, 3600} : UnitInfo{"m", 1000, 3600}, power);
    Multiply(miles ? "inch" : "m", power, &unit_.measures);
    Multiply("s", -power, &unit_.measures);
    named_ = true;
  }

  void Kind(const std::string& word) {
    const int power = Power();
    const std::string_view kind = FindKind(word);
    if (kind.empty() && !LooksPlural(word)) unit_.unknown = true;
    const bool plural = kind.empty() && word.size() > 2 && word.back() == 's';
    std::string name(kind.empty() ? std::string_view(word).substr(0, word.size() - (plural ? 1 : 0)) : kind);
    Multiply(std::move(name), power, &unit_.kinds);
    named_ = true;
    last_ = nullptr;
  }

  // "widgets": in no table, but a noun in the plural by its letters; "fifths" and "this" are none.
  static bool LooksPlural(std::string_view word) {
    const auto ends = [word](std::string_view tail) {
      return word.size() >= tail.size() && word.substr(word.size() - tail.size()) == tail;
    };
    const bool letters = std::all_of(word.begin(), word.end(), IsAlpha);
    return letters && word.size() >= 4 && ends("s") && !ends("ss") && !ends("us") && !ends("is") &&
           !ends("ths") && word.find_first_of("aeiouy") < word.size() - 1;
  }

  void Last(Unit::Powers* powers, const UnitInfo& info, int power) {
    last_ = powers;
    last_info_ = info;
    last_power_ = power;
    named_ = true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  Unit unit_;
  int sign_ = 1, pending_ = 0;
  bool named_ = false;
  // The unit of measure just read, for "squared".
  Unit::Powers* last_ = nullptr;
  UnitInfo last_info_;
  int last_power_ = 0;
};

}  // namespace

Unit ReadUnit(std::string_view text) {
  if (text.size() <= kMaxUnitBytes) return UnitReader(text).Read();
  Unit unit;
  unit.bears = true;
  return unit;
}

}  // namespace drover::verifier
