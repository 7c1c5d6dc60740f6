#include "verifier/units.h"

#include <algorithm>
#include <array>

#include "verifier/chars.h"
#include "verifier/words.h"

namespace drover::verifier {
namespace {

constexpr std::array<std::string_view, 24> kHedges = {
    "not",     "or",        "and",   "but",    "is",     "wrong",  "no",    "if",
    "isn",     "neither",   "nor",   "either", "except", "unless", "never", "nan",
    "unknown", "undefined", "false", "more",   "less",   "least",  "most",  "than"};

// 1,000,000 for "million"; 0 for other words.
int64_t ScaleWord(std::string_view word) {
  static constexpr std::pair<std::string_view, int64_t> kScales[] = {{"thousand", 1'000},
                                                                     {"million", 1'000'000},
                                                                     {"billion", 1'000'000'000},
                                                                     {"trillion", 1'000'000'000'000}};
  for (const auto& [name, scale] : kScales) {
    if (word == name) return scale;
  }
  return 0;
}

void Multiply(const std::string& base, int power, Unit* unit) {
  for (auto& entry : unit->powers) {
    if (entry.first == base) {
      entry.second += power;
      return;
    }
  }
  unit->powers.emplace_back(base, power);
}

}  // namespace

Unit ReadUnit(std::string_view text) {
  Unit unit;
  int sign = 1, pending = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '/') {
      sign = -1;
      ++i;
    } else if (IsAlpha(c) || static_cast<unsigned char>(c) >= 0x80) {
      size_t end = i;
      while (end < text.size() && (IsAlpha(text[end]) || static_cast<unsigned char>(text[end]) >= 0x80))
        ++end;
      std::string word = LowerCase(text.substr(i, end - i));
      i = end;
      if (std::find(kHedges.begin(), kHedges.end(), word) != kHedges.end()) unit.harmless = false;
      if (word == "per") {
        sign = -1;
        continue;
      }
      if (word == "square" || word == "sq" || word == "cubic") {
        pending = word == "cubic" ? 3 : 2;
        continue;
      }
      if (const int64_t scale = ScaleWord(word); scale != 0) {
        fmpq_mul_fmpz(unit.scale.get(), unit.scale.get(), Rational(scale).num());
        continue;
      }
      if (word == "of" || word == "a" || word == "the" || word == "an") continue;
      int power = pending == 0 ? 1 : pending;
      pending = 0;
      if (i < text.size() && text[i] == '^') {
        ++i;
        int value = 0;
        const bool negative = i < text.size() && text[i] == '-';
        if (negative) ++i;
        for (; i < text.size() && IsDigit(text[i]) && value < 100; ++i) value = value * 10 + (text[i] - '0');
        power = negative ? -value : value;
      } else if (i < text.size() && IsDigit(text[i])) {
        power = text[i++] - '0';
      }
      power *= sign;
      if (std::abs(power) > 12) unit.harmless = false;
      const bool miles = word == "mph";
      if (miles || word == "kph" || word == "kmh") {  // abbreviations of quotients
        Rational speed(miles ? 63360 : 1000, 3600);
        fmpq_canonicalise(speed.get());
        if (std::abs(power) <= 12) fmpq_pow_si(speed.get(), speed.get(), power);
        fmpq_mul(unit.factor.get(), unit.factor.get(), speed.get());
        Multiply(miles ? "inch" : "m", power, &unit);
        Multiply("s", -power, &unit);
        continue;
      }
      const auto known = FindUnit(word);
      if (!known) {
        unit.known = false;
        if (word.size() > 2 && word.back() == 's') word.pop_back();
        Multiply(word, power, &unit);
        continue;
      }
      if (known->base == "unit") unit.any = true;
      Rational factor(known->num, static_cast<uint64_t>(known->den));
      if (std::abs(power) <= 12) fmpq_pow_si(factor.get(), factor.get(), power);
      fmpq_mul(unit.factor.get(), unit.factor.get(), factor.get());
      Multiply(std::string(known->base), power, &unit);
    } else {
      if (IsDigit(c)) unit.harmless = false;
      ++i;
    }
  }
  std::erase_if(unit.powers, [](const auto& entry) { return entry.second == 0; });
  std::sort(unit.powers.begin(), unit.powers.end());
  return unit;
}

}  // namespace drover::verifier
