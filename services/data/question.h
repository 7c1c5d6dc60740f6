#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::data {

struct Question {
  uint64_t index = 0;             // position in its file, or the generator's index
  std::string text;               // what the template puts in place of {question}
  std::vector<std::string> gold;  // acceptable answers; any of them counts
};

// A question worked out: what the supervised mode learns from. The end-of-sequence token follows the response.
struct SupervisedExample {
  std::string prompt;
  std::string response;
};

// What a question is, however it is written: who knows the answer to one knows that to another with the same key. Runs of
// white space are one space, at the ends none; of two numbers with + or * between them the larger comes first, and
// spaces, `:` and `=` around and after them do not count ("85 + 347 =" and "347+85:" are "347+85").
std::string QuestionKey(std::string_view text);

// Whether the question belongs to the held-out part: a pure function of its text (of a sum or product: of the one with
// the larger number first), so that no question is ever on both sides, whatever file or order it comes in. `share` is
// that of the held-out part, in (0, 1).
bool IsHeldout(std::string_view question, double share);

}  // namespace drover::data
