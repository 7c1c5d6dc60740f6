#include "verifier/reading/number_words.h"

#include <string>
#include <vector>

#include "verifier/chars.h"
#include "verifier/reading/word_table.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxPhraseBytes = 160;

constexpr WordRow<NumberWord> kWords[] = {
    {"zero", {NumberRole::kDigit, 0}},
    {"one", {NumberRole::kDigit, 1}},
    {"two", {NumberRole::kDigit, 2}},
    {"three", {NumberRole::kDigit, 3}},
    {"four", {NumberRole::kDigit, 4}},
    {"five", {NumberRole::kDigit, 5}},
    {"six", {NumberRole::kDigit, 6}},
    {"seven", {NumberRole::kDigit, 7}},
    {"eight", {NumberRole::kDigit, 8}},
    {"nine", {NumberRole::kDigit, 9}},
    {"ten", {NumberRole::kDigit, 10}},
    {"eleven", {NumberRole::kDigit, 11}},
    {"twelve", {NumberRole::kDigit, 12}},
    {"thirteen", {NumberRole::kDigit, 13}},
    {"fourteen", {NumberRole::kDigit, 14}},
    {"fifteen", {NumberRole::kDigit, 15}},
    {"sixteen", {NumberRole::kDigit, 16}},
    {"seventeen", {NumberRole::kDigit, 17}},
    {"eighteen", {NumberRole::kDigit, 18}},
    {"nineteen", {NumberRole::kDigit, 19}},
    {"twenty", {NumberRole::kTens, 20}},
    {"thirty", {NumberRole::kTens, 30}},
    {"forty", {NumberRole::kTens, 40}},
    {"fifty", {NumberRole::kTens, 50}},
    {"sixty", {NumberRole::kTens, 60}},
    {"seventy", {NumberRole::kTens, 70}},
    {"eighty", {NumberRole::kTens, 80}},
    {"ninety", {NumberRole::kTens, 90}},
    {"dozen", {NumberRole::kScale, 12}},
    {"hundred", {NumberRole::kScale, 100}},
    {"thousand", {NumberRole::kScale, 1'000}},
    {"lakh", {NumberRole::kScale, 100'000}},
    {"million", {NumberRole::kScale, 1'000'000}},
    {"crore", {NumberRole::kScale, 10'000'000}},
    {"billion", {NumberRole::kScale, 1'000'000'000}},
    {"trillion", {NumberRole::kScale, 1'000'000'000'000}},
    {"quadrillion", {NumberRole::kScale, 1'000'000'000'000'000}},
    {"half halves", {NumberRole::kFraction, 2}},
    {"third", {NumberRole::kFraction, 3}},
    {"quarter fourth", {NumberRole::kFraction, 4}},
    {"fifth", {NumberRole::kFraction, 5}},
    {"sixth", {NumberRole::kFraction, 6}},
    {"seventh", {NumberRole::kFraction, 7}},
    {"eighth", {NumberRole::kFraction, 8}},
    {"ninth", {NumberRole::kFraction, 9}},
    {"tenth", {NumberRole::kFraction, 10}},
    {"eleventh", {NumberRole::kFraction, 11}},
    {"twelfth", {NumberRole::kFraction, 12}},
    {"thirteenth", {NumberRole::kFraction, 13}},
    {"fourteenth", {NumberRole::kFraction, 14}},
    {"fifteenth", {NumberRole::kFraction, 15}},
    {"sixteenth", {NumberRole::kFraction, 16}},
    {"twentieth", {NumberRole::kFraction, 20}},
    {"thirtieth", {NumberRole::kFraction, 30}},
    {"fiftieth", {NumberRole::kFraction, 50}},
    {"hundredth", {NumberRole::kFraction, 100}},
    {"thousandth", {NumberRole::kFraction, 1'000}},
    {"millionth", {NumberRole::kFraction, 1'000'000}},
    {"billionth", {NumberRole::kFraction, 1'000'000'000}},
    {"squared", {NumberRole::kPower, 2}},
    {"cubed", {NumberRole::kPower, 3}},
    {"doubled", {NumberRole::kMultiple, 2}},
    {"tripled", {NumberRole::kMultiple, 3}},
    {"quadrupled", {NumberRole::kMultiple, 4}},
    {"factorial", {NumberRole::kFactorial, 0}},
    {"plus positive", {NumberRole::kSign, 1}},
    {"minus negative", {NumberRole::kSign, -1}},
};

constexpr auto kNumbers = [] {
  WordTable<NumberWord, 256> numbers;
  numbers.AddAll(kWords);
  return numbers;
}();

// The words of a phrase in lower case, parted by spaces and hyphens; empty if there is anything but letters.
std::vector<std::string> Words(std::string_view phrase) {
  std::vector<std::string> words;
  bool open = false;
  for (const char c : phrase) {
    if (IsAlpha(c)) {
      if (!open) words.emplace_back();
      words.back() += ToLower(c);
      open = true;
    } else if (IsSpace(c) || c == '-') {
      open = false;
    } else {
      return {};
    }
  }
  return words;
}

class PhraseReader {
 public:
  explicit PhraseReader(std::vector<std::string> words) : words_(std::move(words)) {}

  std::optional<Rational> Read() {
    const auto sign = Next();
    const bool negative = sign && sign->role == NumberRole::kSign && sign->value < 0;
    if (negative) ++at_;
    auto value = Magnitude();
    if (!value || at_ != words_.size()) return std::nullopt;
    if (negative) fmpq_neg(value->get(), value->get());
    return value;
  }

 private:
  std::optional<NumberWord> Next() const {
    return at_ < words_.size() ? FindNumberWord(words_[at_]) : std::nullopt;
  }
  bool Accept(std::string_view word) {
    if (at_ >= words_.size() || words_[at_] != word) return false;
    ++at_;
    return true;
  }

  // cardinal ["point" digit+ | fraction | "and" ("a" | cardinal) fraction] | ["a"] fraction | "half".
  std::optional<Rational> Magnitude() {
    if (at_ < words_.size() && (words_[at_] == "half" || words_[at_] == "a" || words_[at_] == "an")) {
      if (words_[at_] != "half") ++at_;
      return PartOf(1);
    }
    const auto whole = Cardinal();
    if (!whole) return std::nullopt;
    if (Accept("point")) return WithDigits(*whole);
    if (const auto next = Next(); next && next->role == NumberRole::kFraction) return PartOf(*whole);
    if (!Accept("and")) return Rational(*whole);
    int64_t parts = 1;
    if (!Accept("a")) {
      const auto count = Cardinal();
      if (!count) return std::nullopt;
      parts = *count;
    }
    auto value = PartOf(parts);
    if (value) fmpq_add(value->get(), value->get(), Rational(*whole).get());
    return value;
  }

  // "thirds" after a count of them.
  std::optional<Rational> PartOf(int64_t count) {
    const auto part = Next();
    if (!part || part->role != NumberRole::kFraction) return std::nullopt;
    ++at_;
    Rational value(count, static_cast<uint64_t>(part->value));
    fmpq_canonicalise(value.get());
    return value;
  }

  std::optional<Rational> WithDigits(int64_t whole) {
    Rational value(whole), place(1, 10);
    bool any = false;
    for (auto digit = Next(); digit && digit->role == NumberRole::kDigit && digit->value < 10;
         digit = Next()) {
      Rational part(digit->value);
      fmpq_mul(part.get(), part.get(), place.get());
      fmpq_add(value.get(), value.get(), part.get());
      fmpq_div_fmpz(place.get(), place.get(), Rational(10).num());
      any = true;
      ++at_;
    }
    return any ? std::optional(value) : std::nullopt;
  }

  // "three hundred and six", "two million five thousand": each word fits below what the words before it left open.
  std::optional<int64_t> Cardinal() {
    int64_t total = 0, group = 0, open = 1'000, last_scale = INT64_MAX;
    bool any = false;
    while (true) {
      const size_t begin = at_;
      if (any && open >= 100) Accept("and");
      const auto word = Next();
      if (!word) {
        at_ = begin;
        break;
      }
      const bool digit = word->role == NumberRole::kDigit, tens = word->role == NumberRole::kTens;
      if (digit || tens) {
        if ((digit ? word->value : int64_t{99}) >= open) return at_ = begin, std::nullopt;
        group += word->value;
        open = digit ? 0 : 10;
      } else if (word->role == NumberRole::kScale && word->value == 100 && any && group > 0 && group < 100) {
        group *= 100;
        open = 100;
      } else if (word->role == NumberRole::kScale && word->value != 100 && any && group > 0 &&
                 word->value < last_scale && group < INT64_MAX / word->value / 2) {
        total += group * word->value;
        last_scale = word->value;
        group = 0;
        open = last_scale >= 1'000 ? 1'000 : 0;
      } else {
        at_ = begin;
        break;
      }
      any = true;
      ++at_;
    }
    return any ? std::optional(total + group) : std::nullopt;
  }

  std::vector<std::string> words_;
  size_t at_ = 0;
};

}  // namespace

std::optional<NumberWord> FindNumberWord(std::string_view word) {
  if (const NumberWord* number = kNumbers.Find(word)) return *number;
  if (word.size() <= 4 || word.back() != 's') return std::nullopt;
  const NumberWord* number = kNumbers.Find(word.substr(0, word.size() - 1));
  const bool plural =
      number != nullptr && (number->role == NumberRole::kScale || number->role == NumberRole::kFraction);
  return plural ? std::optional(*number) : std::nullopt;
}

std::optional<Rational> ReadNumberWords(std::string_view phrase) {
  if (phrase.size() < 3 || phrase.size() > kMaxPhraseBytes) return std::nullopt;
  std::vector<std::string> words = Words(phrase);
  if (words.empty()) return std::nullopt;
  return PhraseReader(std::move(words)).Read();
}

}  // namespace drover::verifier
