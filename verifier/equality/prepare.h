// Rewrites a freshly read tree so that comparison sees fewer kinds: plus-minus signs become two elements, arithmetic on
// matrices becomes one matrix, lists inside lists and sets become their elements.
#pragma once

#include "verifier/budget.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// False when the budget is used up. Nodes are only added; those that were there keep their ids.
bool PrepareTree(Tree* tree, Budget& budget);

}  // namespace drover::verifier
