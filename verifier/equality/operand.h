// One side of a comparison, and what a comparison may say.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <vector>

#include "verifier/reading/tree.h"

namespace drover::verifier {

struct Operand {
  const Tree* tree = nullptr;
  NodeId id = kNoNode;
  const Node& node() const { return (*tree)[id]; }
  Operand Kid(uint32_t i) const { return {tree, tree->Kid(id, i)}; }
};

// What stands between the ith side of a chain of relations and the next one.
inline Relation RelationAt(const Operand& chain, uint32_t i) {
  return chain.tree->relations[chain.node().value + i];
}

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

// A walk without recursion over everything below `start`, each node once: products of matrices share their parts, and a
// shared part of a shared part would be seen exponentially often. Children have smaller ids than their parents.
template <class Visit>
void Walk(const Operand& start, Visit visit) {
  absl::InlinedVector<NodeId, 32> stack = {start.id};
  absl::InlinedVector<bool, 64> seen(start.id + 1, false);
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    const Node& node = (*start.tree)[id];
    visit(node);
    for (uint32_t i = 0; i < node.count; ++i) stack.push_back(start.tree->Kid(id, i));
  }
}

// Free symbols and unknown functions below a node, by id, without repetition; not the indices of sums.
std::vector<uint32_t> FreeSymbols(const Operand& operand);

}  // namespace drover::verifier
