// Decides whether two scalar expressions are equal, cheapest method first:
//   1. exact rationals,
//   2. the normal form of form.h, which proves equality and mostly inequality,
//   3. residues modulo primes, for polynomials too long for a normal form,
//   4. balls with rising precision, which prove inequality only, at sample points when there are free symbols,
//   5. normal forms with kernels on every cell of the domain (equality/identity.h), which prove equality,
//   6. Calcium, for constants.
// What none of them decides is undecided, however many digits agree. Rounded decimals: RoundedMatch in scalar_rounding.cc.
#pragma once

#include <string>

#include "verifier/budget.h"
#include "verifier/grader.h"
#include "verifier/rules.h"
#include "verifier/tree.h"

namespace drover::verifier {

struct Operand {
  const Tree* tree = nullptr;
  NodeId id = kNoNode;
  const Node& node() const { return (*tree)[id]; }
  Operand Kid(uint32_t i) const { return {tree, tree->Kid(id, i)}; }
};

enum class Outcome : uint8_t { kEqualExact, kEqualNumeric, kEqualText, kDifferent, kUndecided, kOverBudget };

constexpr bool IsEqual(Outcome outcome) {
  return outcome == Outcome::kEqualExact || outcome == Outcome::kEqualNumeric ||
         outcome == Outcome::kEqualText;
}
// The outcome of a conjunction: the first that is not equal, else the weakest equality.
constexpr Outcome Both(Outcome a, Outcome b) {
  if (!IsEqual(a)) return a;
  if (!IsEqual(b)) return b;
  return a < b ? b : a;
}

// `rule`, when given, gets the method that decided.
Outcome CompareScalars(const Operand& gold, const Operand& response, const Options& options,
                       Rule* rule = nullptr);

// Free symbols and unknown functions below a node, by id, without repetition; not the indices of sums.
std::vector<uint32_t> FreeSymbols(const Operand& operand);

// sign of a - b when a ball or exact arithmetic proves it: -1, 0 or 1; nullopt otherwise.
std::optional<int> CompareReals(const Operand& a, const Operand& b, const Options& options);

}  // namespace drover::verifier
