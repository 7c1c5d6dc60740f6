#include "verifier/mutation/step.h"

#include <algorithm>

#include "verifier/mutation/evaluate.h"

namespace drover::verifier::mutation {

std::optional<Made> Apply(const Change& change, bool wrong, const Gold& gold, Rng& rng) {
  if (!gold.answer) return std::nullopt;
  const std::vector<Expr> leaves = Leaves(*gold.answer);
  if (leaves.empty()) return std::nullopt;
  constexpr int kTries = 6;  // at other places
  for (int i = 0; i < kTries; ++i) {
    const size_t leaf = rng.Below(leaves.size());
    const Expr& before = leaves[leaf];
    const int place = change.where == Change::kWhole
                          ? 0
                          : static_cast<int>(rng.Below(static_cast<size_t>(CountNodes(before))));
    const Expr node = change.make(NodeAt(before, place), rng);
    if (!node) continue;
    const Expr after = ReplaceAt(before, place, node);
    const Answer answer = WithLeaf(*gold.answer, static_cast<int>(leaf), after);
    const bool holds = wrong ? ProvedDifferent(*gold.answer, answer) : ShowsNoDifference(before, after);
    if (holds) return Made(Write(answer, AnySpelling(rng)));
  }
  return std::nullopt;
}

}  // namespace drover::verifier::mutation
