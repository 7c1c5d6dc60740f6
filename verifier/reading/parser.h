// Tokens to a tree: docs/reference/math-grammar.md is this file in words.
#pragma once

#include <optional>
#include <string_view>

#include "verifier/budget.h"
#include "verifier/reading/lexeme.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

// Reads an answer that NormalizeMath() has prepared. nullopt: it is not of the grammar, or budget.over(). The tree's
// `source` refers to `source`, which must outlive it.
std::optional<Tree> ReadMath(std::string_view source, const ReadOptions& options, Names* names,
                             Budget& budget);

}  // namespace drover::verifier
