// Reads the plainest answers (integers, decimals, fractions, sums of them) straight from the bytes, with no tree:
// the path of nearly all grades of arithmetic tasks. What it does not know, it leaves to the reader.
#pragma once

#include <optional>
#include <string_view>

#include "verifier/cas.h"

namespace drover::verifier {

struct FastNumber {
  Rational value;
  int decimals = -1;  // digits after the point of a single decimal; -1: not a decimal
  int digits = 0;     // significant digits of a single decimal
};

// Accepts  sum := ['-'] term (('+'|'-') term)*,  term := digits ['.' digits] | digits '/' digits |
// (\frac|\dfrac|\tfrac){['-']digits}{digits}, with spaces between tokens. A single trailing full stop is dropped.
// Integers are read up to `max_bits` bits. nullopt: not of this form (or a zero denominator, or too long);
// *over tells that the sum's denominators grew past the work that is allowed.
std::optional<FastNumber> ReadFastNumber(std::string_view text, int64_t max_bits, bool* over);

}  // namespace drover::verifier
