// Option letters of multiple-choice answers.
#pragma once

#include <optional>
#include <string_view>

namespace drover::verifier {

// The letter (upper case, A to J) that `text` names: alone, in brackets, in \text{} and its like, before "." or ")" or
// ":" and the option's text. With `prose`, also the first lone capital after "answer is" or "answer:", or at the start.
std::optional<char> ReadChoice(std::string_view text, bool prose);

// What follows an option's letter ("(B) 5", "\textbf{(B)} 5", "B. 5"), or nullopt if `text` does not start with one or
// nothing follows.
std::optional<std::string_view> AfterChoice(std::string_view text);

}  // namespace drover::verifier
