// The identity test for polynomials too long to expand ((1+x)^100000): rational expressions evaluated at random points
// modulo random primes. Constants like pi take random residues as symbols do.
#pragma once

#include <cstdint>
#include <optional>

#include "verifier/budget.h"
#include "verifier/equality/operand.h"

namespace drover::verifier {

enum class ResidueVerdict {
  kEqual,      // equal at all points: the chance of two different expressions is under 2^-64 (see residue.cc)
  kDifferent,  // unequal residues, without constants: proved different
  kUnknown,    // not rational expressions, a zero denominator, or too large a degree
};

// `key` picks primes and points, the same ones for the same key everywhere.
ResidueVerdict CompareResidues(const Operand& a, const Operand& b, uint64_t key, Budget& budget);

}  // namespace drover::verifier
