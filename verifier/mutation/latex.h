// Expressions as LaTeX, in one of many spellings that say the same.
#pragma once

#include <string>

#include "verifier/mutation/expr.h"
#include "verifier/mutation/rng.h"

namespace drover::verifier::mutation {

struct Spelling {
  enum class Fraction { kFrac, kDfrac, kTfrac, kSlash };
  enum class Times { kBeside, kCdot, kTimes, kStar };
  Fraction fraction = Fraction::kFrac;
  Times times = Times::kBeside;
  bool spaces = false;        // around + and -
  bool left_right = false;    // \left( ... \right)
  bool bare_scripts = false;  // x^2 and not x^{2}
  bool thin_spaces = false;   // \, between factors
};

Spelling AnySpelling(Rng& rng);
std::string ToLatex(const Expr& expr, const Spelling& spelling = {});

}  // namespace drover::verifier::mutation
