// Answers that are words: the same names, times, dates or characters.
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

// Two times of day or two dates.
std::optional<TextVerdict> CompareMoments(std::string_view gold, std::string_view response);

// True if both answers are the same words: the gold is words and no formula, and the response's are the same without regard
// to case, articles and outer punctuation, lists of them in any order. Letters of formulas never fold their case.
bool SameWords(std::string_view gold, std::string_view response);

// True if the two are the same characters, white space and dollar signs aside: for answers that cannot be read otherwise.
bool SameCharacters(std::string_view gold, std::string_view response);

}  // namespace drover::verifier
