// Units of measure as products of powers of base units.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifier/cas.h"

namespace drover::verifier {

struct Unit {
  Rational factor{1};                               // one such unit in base units
  std::vector<std::pair<std::string, int>> powers;  // sorted by base; unknown words are bases of their own
  Rational scale{1};                                // "million": of the number, not of the unit
  bool known = true;                                // all words are in the table
  bool harmless = true;                             // nothing in it hedges or negates ("not", "or", digits)
  bool any = false;                                 // "units": of any dimension
};

// Reads "cm^2", "square inches", "km/h", "miles per hour", "\$ usd", "apples".
Unit ReadUnit(std::string_view text);

}  // namespace drover::verifier
