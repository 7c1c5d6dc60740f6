// What the rules that decide are called, in words. ExplainGrade itself is declared in grader.h.
#pragma once

#include <string>
#include <string_view>

namespace drover::verifier {

// "both are rational numbers: exact arithmetic" for "rational"; the name itself for a rule without a sentence.
std::string_view RuleSentence(std::string_view rule);

// Bytes as a terminal may show them: control characters, and bytes that are no UTF-8, as \xNN. Cut at `max_bytes` with a
// note of how many were left out.
std::string Printable(std::string_view bytes, size_t max_bytes);

}  // namespace drover::verifier
