// Finds the final answer's bytes in a response, by reward format. Linear in the response, no recursion.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {

struct Extraction {
  bool formatted = false;
  std::optional<std::string> answer;  // absent: nothing readable was found
};

// The truth table of docs/reference/reward-formats.md.
Extraction ExtractAnswer(std::string_view response, RewardFormat format);

// The content of the last \boxed{...}, else of the last \fbox{...}; nested boxes are opened. nullopt if there is no
// box or the last one is not closed.
std::optional<std::string_view> LastBox(std::string_view text);

// All boxes of the trailing run that only connectives join ("\boxed{1} and \boxed{2}"), in order; empty if none.
std::vector<std::string_view> JoinedBoxes(std::string_view text);

// The final answer in free text, by this priority: what follows the last "the answer is" (any case), the last LaTeX
// expression ($..$, \(..\), \[..\], \boxed{..}), the last number. `loose` also knows "answer is", "answer:" and their
// like in other languages, and single choice letters; it serves answers that come without a format.
std::optional<std::string> ExtractPlain(std::string_view text, bool loose);

}  // namespace drover::verifier
