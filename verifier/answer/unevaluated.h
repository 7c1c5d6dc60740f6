// Answers that are right because they ask the question once more.
#pragma once

#include <string_view>

namespace drover::verifier {

// True if `answer` has a sum, product, integral or limit that the gold has not, or if it is a formula that stands in
// `question` as it is (white space, brackets of TeX and dollar signs aside) and is not the gold's own. Numerals, fractions of
// them, letters and tuples are no formulas.
bool IsUnevaluated(std::string_view answer, std::string_view gold, std::string_view question);

}  // namespace drover::verifier
