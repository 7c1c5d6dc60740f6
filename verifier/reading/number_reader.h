// Numbers in every usual writing.
#pragma once

#include <cstddef>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

struct NumberContext {
  bool in_brackets = false;  // a comma parts elements there: "(1,234)" is a pair
  bool european = false;     // "1.234,5" and "1,5" with a decimal comma
  // After '^': digits only. "x^2_{10}" has the index 10 and no number in base 10, "2^6 101" no exponent 6101.
  bool exponent = false;
};

// Reads the number that `text` starts with: digits with groups of three ("1,234", "1{,}234", "1,\!234", "1\,234",
// "1 234"), a fraction part (".5", "1.25", "1.234,5"), repeating digits ("0.\overline{3}", "0.(3)", "0.333..."), an
// exponent ("4.5e-3", "3E6"), a base ("204_5", "2A_{16}", "101_{\text{two}}"). Returns its length in bytes, 0 if there is
// none or it passes the budget.
size_t ReadNumber(std::string_view text, const NumberContext& context, Budget& budget, Literal* out);

}  // namespace drover::verifier
