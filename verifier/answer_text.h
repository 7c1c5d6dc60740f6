// Answers that are words: names, option letters, times, dates, and words that stand for mathematics.
#pragma once

#include <optional>
#include <string_view>

#include "verifier/rules.h"

namespace drover::verifier {

// The verdict on two answers as texts, with the rule that gave it; nullopt: they say nothing that words alone decide.
struct TextVerdict {
  Rule rule;
  bool equal;
};
std::optional<TextVerdict> CompareTexts(std::string_view gold, std::string_view response);

// As CompareTexts, but only times of day and dates: for answers before the last number in them is taken for the answer.
std::optional<TextVerdict> CompareMoments(std::string_view gold, std::string_view response);

// The LaTeX that a phrase stands for: "all real numbers" is \mathbb{R}, "no solution" \emptyset. Phrases without one in
// LaTeX get one spelling ("DNE" is \text{does not exist}). Empty: no such phrase.
std::string_view PhraseAsMath(std::string_view text);

// True for text with two letters or more.
bool IsWords(std::string_view bare);

}  // namespace drover::verifier
