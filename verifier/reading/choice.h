// Option letters of multiple-choice answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drover::verifier {

struct ChosenOption {
  char letter;       // upper case, A to J
  std::string rest;  // what stands beside it ("5" of "\textbf{(B)} 5"); empty: nothing
};

// The one option that `text` names: alone, in brackets, in \text{} and its like, before "." or ")" or ":" and the option's
// text. nullopt for anything else, and where another option is named or the named one is denied ("(C) or (D)",
// "A: 1, B: 2", "(B) is wrong").
std::optional<ChosenOption> ReadChoice(std::string_view text);

// As ReadChoice, but the letter may stand in prose: at the start ("C because ..."), or as the first lone capital after
// "answer is" or "answer:", "option", "choice".
std::optional<char> ReadChoiceInProse(std::string_view text);

}  // namespace drover::verifier
