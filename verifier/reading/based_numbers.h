// Integers in other bases than ten.
#pragma once

#include <cstddef>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// Reads the integer with a base that `text` starts with ("204_5", "A3_{16}", "101_{\\text{two}}"). Returns its length in bytes, 0 for
// anything else, or if it passes the budget.
size_t ReadBasedInteger(std::string_view text, Budget& budget, Literal* out);

// A whole answer that is a number with its base, however it is dressed: "(1011)_2", "\text{2a}_{16}", "{BEEF}_{16}",
// "204 base 5". Letters may be of either case. False for anything else.
bool ReadBaseNotation(std::string_view text, Budget& budget, Literal* out);

}  // namespace drover::verifier
