// The plainest of the question formats: a JSON object with `problem` (a text) and `answer` (a text, a number, or a list of
// these), or whatever these two keys are called. Other keys are ignored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "data/question.h"

namespace drover::data {

inline constexpr size_t kMaxLineBytes = size_t{1} << 20;
inline constexpr size_t kMaxAnswers = 256;

// Where question and answer stand in a line's object; names of nested objects joined by dots ("reward.ground_truth").
struct QuestionKeys {
  std::string problem = "problem";
  std::string answer = "answer";
  bool chats = false;  // the question may also be a chat: a list of {"role", "content"}
};

// One object. Numbers keep their text: 1.50 stays "1.50"; answers lose white space around them, and empty ones count as
// none. INVALID_ARGUMENT says what is missing, there twice, empty or of a wrong type.
absl::StatusOr<Question> ParseQuestion(std::string_view line, const QuestionKeys& keys = {});

}  // namespace drover::data
