#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::data {

struct Question {
  uint64_t index = 0;    // position in its file, or the generator's index
  std::string text;      // what the template puts in place of {question}
  std::string messages;  // of a chat: the JSON list of its messages, whose contents `text` is; else empty
  std::vector<std::string> gold;  // acceptable answers; any of them counts
};

// A question worked out: what the supervised mode learns from. The end-of-sequence token follows the response.
struct SupervisedExample {
  std::string prompt;
  std::string response;
};

// The text without white space around it, each run of white space in it as one space: questions that differ in no more
// are the same question.
std::string CanonicalText(std::string_view question);

// Whether the question belongs to the held-out part: a pure function of its canonical text, so that no question is ever
// on both sides, whatever file or order it comes in. `share` is that of the held-out part, in (0, 1).
bool IsHeldout(std::string_view question, double share);

}  // namespace drover::data
