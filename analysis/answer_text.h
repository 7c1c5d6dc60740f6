// The small readings that the rules of answer_rules.h are made of. Pure; all texts are lower-case ASCII letters and any other bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::analysis {

bool IsDigit(char c);

// ASCII letters in lower case, white space at both ends gone.
std::string Normal(std::string_view text);

std::vector<std::string> Lines(const std::string& text);  // trimmed, none empty
// Parted after . ? ! before white space, and at line ends; trimmed, none empty.
std::vector<std::string> Sentences(const std::string& text);

// Runs of digits, with a decimal point inside, and number words up to nineteen and the tens ("twelve" is "12").
std::vector<std::string> Numbers(const std::string& text);
// Runs of at least four letters, "s" at their end gone.
std::vector<std::string> ContentWords(const std::string& text);

bool HasAnyOf(const std::string& text, const std::vector<std::string_view>& parts);
bool StartsWithAnyOf(const std::string& text, const std::vector<std::string_view>& beginnings);
// As a word of its own, letters neither before nor behind it.
bool HasWord(const std::string& text, std::string_view word);

// How many different entries of `from` are in `in`.
size_t Shared(const std::vector<std::string>& from, const std::vector<std::string>& in);

}  // namespace drover::analysis
