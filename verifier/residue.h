// Evaluation of rational expressions at a random point modulo a 62-bit prime: the identity test for polynomials too long
// to expand ((1+x)^100000). Constants like pi take random residues as symbols do.
#pragma once

#include <cstdint>
#include <optional>

#include "verifier/budget.h"
#include "verifier/tree.h"

namespace drover::verifier {

struct Residue {
  uint64_t value = 0;
  bool has_constants = false;  // pi or e took part: unequal residues prove nothing
};

// nullopt: not a rational expression, or a zero denominator at this point. `round` (0 or 1) picks prime and point.
std::optional<Residue> EvaluateResidue(const Tree& tree, NodeId id, int round, Budget& budget);

}  // namespace drover::verifier
