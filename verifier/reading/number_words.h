// Numbers in English words: what a word does to a value, and whole phrases.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verifier/cas.h"

namespace drover::verifier {

enum class NumberRole {
  kDigit,      // "seven": 0 to 19
  kTens,       // "seventy"
  kScale,      // "hundred", "dozen", "million": the number before it times this
  kFraction,   // "half", "thirds": divided by this; also the ordinal
  kPower,      // "squared"
  kMultiple,   // "doubled"
  kFactorial,  // "factorial"
  kSign,       // "minus", "negative": value -1 or 1
};

struct NumberWord {
  NumberRole role;
  int64_t value = 0;
};

// `word` in lower case, singular or plural.
std::optional<NumberWord> FindNumberWord(std::string_view word);

// The number that a phrase is: "twenty-five", "minus three", "two thirds", "one and a half", "two point five", "three
// hundred and six". Any case. nullopt if anything else stands in it.
std::optional<Rational> ReadNumberWords(std::string_view phrase);

}  // namespace drover::verifier
