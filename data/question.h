#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::data {

struct Question {
  uint64_t index = 0;    // position in its file, or the generator's index
  std::string text;      // what the template puts in place of {question}
  std::string messages;  // of a chat: the JSON list of its messages, whose contents `text` is; else empty
  std::vector<std::string> gold;  // acceptable answers; any of them counts
  // What the file says about it besides.
  uint32_t level = 0;               // how difficult, from 1 up (levels of MATH, grades of ASDiv); 0: not said
  std::string subject = {};         // empty: not said
  std::string source = {};          // the set that it comes from; empty: not said
  std::optional<double> pass_rate;  // the share of a model's responses that were right, from 0 to 1
};

// A question worked out: what the supervised mode learns from. The end-of-sequence token follows the response.
struct SupervisedExample {
  std::string prompt;
  std::string response;
};

// The text without white space around it, each run of white space in it as one space; of a sum or product of two numbers,
// the larger number first.
std::string CanonicalText(std::string_view question);

// What a question is, however it is written: who knows the answer to one knows that to another with the same key. Its
// canonical text; of two numbers with an operation between them without the spaces, `:` and `=` around and after them
// ("85 + 347 =" and "347+85:" are "347+85").
std::string QuestionKey(std::string_view question);

// Whether the question belongs to the held-out part: a pure function of its canonical text, so that no question is ever
// on both sides, whatever file or order it comes in. `share` is that of the held-out part, in (0, 1).
bool IsHeldout(std::string_view question, double share);

}  // namespace drover::data
