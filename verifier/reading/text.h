// Bytes to the ASCII LaTeX that the lexer reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::verifier {

// Replaces Unicode mathematics by its LaTeX spelling ("−" by "-", "√" by "\sqrt ", "²" by "^{2}", "½" by "\frac{1}{2}"),
// and repairs what escaping broke (a doubled backslash before a known command, a form feed before "rac"). Characters
// that have no such reading stay as they are; the lexer refuses them. Digits of other scripts are not digits.
std::string NormalizeMath(std::string_view text);

// Words of an answer for comparison as text: \text{} and its like opened, math delimiters, braces, spacing commands and
// outer punctuation dropped, white space collapsed, letters kept as they are.
std::string BareText(std::string_view text);

}  // namespace drover::verifier
