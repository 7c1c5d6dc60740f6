// Decides whether two scalar expressions are equal, cheapest method first:
//   1. exact rationals,
//   2. the normal form of form.h, which proves equality and mostly inequality,
//   3. residues modulo primes, for polynomials too long for a normal form,
//   4. balls with rising precision, which prove inequality only, at sample points when there are free symbols,
//   5. normal forms with kernels on every cell of the domain (identity.h), which prove equality,
//   6. Calcium, for constants.
// What none of them decides is undecided, however many digits agree. Rounded decimals: RoundedMatch in scalar_rounding.cc.
#pragma once

#include <optional>

#include "verifier/equality/operand.h"
#include "verifier/rules.h"
#include "verifier/types.h"

namespace drover::verifier {

// `rule`, when given, gets the method that decided.
Outcome CompareScalars(const Operand& gold, const Operand& response, const Options& options,
                       Rule* rule = nullptr);

// sign of a - b when a ball or exact arithmetic proves it: -1, 0 or 1; nullopt otherwise.
std::optional<int> CompareReals(const Operand& a, const Operand& b, const Options& options);

}  // namespace drover::verifier
