// Answers that are words: names, option letters, times, dates, and words that stand for mathematics.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verifier/rules.h"

namespace drover::verifier {

// The verdict on two answers as texts, with the rule that gave it; nullopt: they say nothing that words alone decide.
struct TextVerdict {
  Rule rule;
  bool equal;
};

// Two times of day or two dates.
std::optional<TextVerdict> CompareMoments(std::string_view gold, std::string_view response);

// True if both answers are the same words: the gold is words and no formula, and the response's are the same without regard
// to case, articles and outer punctuation, lists of them in any order. Letters of formulas never fold their case.
bool SameWords(std::string_view gold, std::string_view response);

// True if the two are the same characters, white space and dollar signs aside: for answers that cannot be read otherwise.
bool SameCharacters(std::string_view gold, std::string_view response);

// The LaTeX that a phrase stands for: "all real numbers" is \mathbb{R}, "no solution" \emptyset. Phrases without one in
// LaTeX get one spelling ("DNE" is \text{does not exist}); numbers in words become numerals ("two thirds" is 2/3). Empty: no
// such phrase.
std::string PhraseAsMath(std::string_view text);

// True for text with two letters or more.
bool IsWords(std::string_view bare);

}  // namespace drover::verifier
