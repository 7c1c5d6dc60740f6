// What is done to the tokens before they are parsed.
#pragma once

#include <vector>

#include "verifier/reading/lexeme.h"

namespace drover::verifier {

// Drops the inner of each two bracket pairs that enclose exactly the same tokens.
void FoldBrackets(std::vector<Lexeme>* tokens);

// Writes the scripts of a letter the usual way: "{g}_{k}" becomes "g_{k}", "x^2_1" becomes "x_1^2".
void OrderScripts(std::vector<Lexeme>* tokens);

}  // namespace drover::verifier
