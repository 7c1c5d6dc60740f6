// Words that stand for mathematics.
#pragma once

#include <string>
#include <string_view>

namespace drover::verifier {

// The LaTeX that a phrase stands for: "all real numbers" is \mathbb{R}, "no solution" \emptyset. Phrases without one in
// LaTeX get one spelling ("DNE" is \text{does not exist}); numbers in words become numerals ("two thirds" is 2/3). Empty: no
// such phrase.
std::string PhraseAsMath(std::string_view text);

// True for text with two letters or more.
bool IsWords(std::string_view bare);

// A quick look: no word, phrase, time or date has any of a formula's marks.
bool HasFormulaMark(std::string_view text);

}  // namespace drover::verifier
