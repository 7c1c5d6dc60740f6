// The proof that two scalar expressions are equal: both become quotients of polynomials in kernels, on every cell into which
// the arguments of their absolute values, roots, logarithms, maxima and signs cut the domain.
#pragma once

#include <utility>
#include <vector>

#include "verifier/budget.h"
#include "verifier/equality/kernels.h"
#include "verifier/equality/operand.h"

namespace drover::verifier {

struct IdentityOptions {
  Domain domain;
  bool log_is_natural = false;
  // Values that are not real count. Else a cell where the gold is not real is left out, and so is one where only the response
  // is not, if a symbol is negative there whose sign the gold needs elsewhere to be real: such parameters are mostly positive
  // ("\sqrt{ab}" is "\sqrt a\sqrt b", but "|a|" is not "(\sqrt a)^2").
  bool complex_values = false;
};

struct Identity {
  bool equal = false;
  int cells = 0;    // that were not empty
  int counted = 0;  // of them, where the expressions were compared
  // Where it is not proved: values of the only symbol that lie in the cells.
  std::vector<std::pair<uint32_t, Rational>> points;
};

Identity ProveIdentity(const Operand& gold, const Operand& response, const IdentityOptions& options,
                       Budget& budget);

// Symbols that the gold says are integers: in an exponent of a negative number, below a factorial or binomial, and the
// letters that count (n, k, m, ...) times pi in a sine or cosine.
std::vector<uint32_t> IntegerSymbols(const Operand& gold);

}  // namespace drover::verifier
