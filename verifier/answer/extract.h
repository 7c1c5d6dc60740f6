// Finds the final answer's bytes in a response, by reward format. Linear in the response, no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/types.h"

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

// The content of the box whose command starts at `at` and is `length` bytes long; nullopt if it does not open with a
// brace or never closes. `end` gets the position after the box.
std::optional<std::string_view> BoxAt(std::string_view text, size_t at, size_t length, size_t* end);

// A search for a closing brace that fails reads to the end: after so many failures no more are tried, so that the
// whole stays linear.
constexpr int kMaxUnclosed = 8;

// All boxes of the trailing run that only connectives join ("\boxed{1} and \boxed{2}"), in order; empty if none.
std::vector<std::string_view> JoinedBoxes(std::string_view text);

// They as one list, "1 , 2"; nullopt if there are less than two.
std::optional<std::string> BoxesAsList(std::string_view text);

// The final answer in free text, by this priority: what follows the last "the answer is" (any case), the last LaTeX
// expression ($..$, \(..\), \[..\], \boxed{..}), the last number. `loose` also knows "answer is", "answer:" and their
// like in other languages, and single choice letters; it serves answers that come without a format.
std::optional<std::string> ExtractPlain(std::string_view text, bool loose);

// The last number with its sign in any script, thousands separators, a fraction bar and a percent sign.
std::optional<std::string> LastNumber(std::string_view text);

// A sentence that starts with its answer, without what only explains it: "72, in total, so we need more" is "72",
// "42 (see above)" is "42". What may take the answer back ("or", "not", "if") is no explanation and stays.
std::string_view WithoutExplanation(std::string_view sentence);

}  // namespace drover::verifier
