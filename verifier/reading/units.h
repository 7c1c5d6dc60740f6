// What follows a number in words: units of measure as products of powers of base units, names of what is counted, and
// words that change the number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifier/cas.h"

namespace drover::verifier {

struct Unit {
  using Powers = std::vector<std::pair<std::string, int>>;  // sorted by name, no zero powers

  Powers measures;     // by base unit: "m", "usd", "percent", "degree"
  Powers kinds;        // what is counted, singular: "apple", "student"
  Rational factor{1};  // one such unit in base units

  // "million", "halves", "squared", "factorial": of the number itself.
  Rational scale{1};
  int exponent = 1;
  bool factorial = false;

  bool any = false;      // "units": of any length, area or volume
  bool unknown = false;  // a word that is in no table and does not look like the name of a kind
  bool bears =
      false;  // a word that may bear on the value ("not", "or", "plus one", digits), or could not be placed

  bool names_unit() const { return !measures.empty() || !kinds.empty(); }
};

// Reads "cm^2", "square inches", "km/h", "miles per hour", "usd", "apples", "hundred", "meters squared".
Unit ReadUnit(std::string_view text);

}  // namespace drover::verifier
