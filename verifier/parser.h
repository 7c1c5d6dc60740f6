// Tokens to a tree: docs/reference/math-grammar.md is this file in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/budget.h"
#include "verifier/lexer.h"
#include "verifier/tree.h"

namespace drover::verifier {

struct ReadOptions {
  bool european_decimals = false;
  bool plus_minus = false;  // "+-" is both signs, not plus a negative
  bool bare_units = false;  // letters after a value are its unit ("100 m^3", "15 students"), not symbols
};

// Reads an answer that NormalizeMath() has prepared. nullopt: it is not of the grammar, or budget.over(). The tree's
// `source` refers to `source`, which must outlive it.
std::optional<Tree> ReadMath(std::string_view source, const ReadOptions& options, Names* names,
                             Budget& budget);

}  // namespace drover::verifier
