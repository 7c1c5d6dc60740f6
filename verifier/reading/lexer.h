// Normalised bytes to tokens. Linear; redundant brackets ("((5))", "{{x}}") are folded into one pair here, so that
// wrapping alone never makes a tree deep.
#pragma once

#include <string_view>
#include <vector>

#include "verifier/budget.h"
#include "verifier/reading/lexeme.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// Fills `tree` (numbers, texts, names) and returns the tokens, kEnd last. Unknown characters and commands become
// kUnknown. Over budget: an empty vector.
std::vector<Lexeme> Lex(std::string_view source, const ReadOptions& options, Budget& budget, Tree* tree);

}  // namespace drover::verifier
