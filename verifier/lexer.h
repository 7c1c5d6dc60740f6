// Normalised bytes to tokens. Linear; redundant brackets ("((5))", "{{x}}") are folded into one pair here, so that
// wrapping alone never makes a tree deep.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifier/budget.h"
#include "verifier/tree.h"
#include "verifier/words.h"

namespace drover::verifier {

struct Lexeme {
  Token token;
  uint8_t flag =
      0;  // kLeftParen and its like: 0. kText: 1 when bare letters (a unit's name outside of \text)
  uint32_t value = 0;
  uint32_t begin = 0;  // in the source, for based digits and explanations
  uint32_t end = 0;
};

struct LexOptions {
  bool european_decimals = false;
  bool plus_minus = false;  // "+-" is both signs, not plus a negative
  bool bare_units = false;  // letters after a value are its unit ("100 m^3", "15 students"), not symbols
};

// Fills `tree` (numbers, texts, names) and returns the tokens, kEnd last. Unknown characters and commands become
// kUnknown. Over budget: an empty vector.
std::vector<Lexeme> Lex(std::string_view source, const LexOptions& options, Budget& budget, Tree* tree);

// Drops the inner of each two bracket pairs that enclose exactly the same tokens.
void FoldBrackets(std::vector<Lexeme>* tokens);

// Writes the scripts of a letter the usual way: "{g}_{k}" becomes "g_{k}", "x^2_1" becomes "x_1^2".
void OrderScripts(std::vector<Lexeme>* tokens);

}  // namespace drover::verifier
