// `drover data inspect`: what is in a question file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/question_file.h"

namespace drover::cli {

// An answer that a right response may not meet.
struct OddGold {
  uint64_t question = 0;  // Question::index
  std::string gold;
  // The verifier's "unparsed_gold", where no response can be right; or "as_written", where the same value written otherwise is not
  // taken for it: only the same text is sure to be right.
  std::string reason;
};

struct QuestionSummary {
  uint64_t questions = 0;
  uint64_t unanswered = 0;  // QuestionFile's
  std::string unanswered_example;
  // Unicode characters of the questions, in ascending order.
  std::vector<uint64_t> lengths;
  // Questions of a key that an earlier one has (data::QuestionKey), and those of them with other answers.
  uint64_t repeated = 0, repeated_otherwise = 0;
  // Questions by what their answers are, the least of them counting: numbers, what is compared by value, words, odd ones.
  uint64_t numbers = 0, expressions = 0, texts = 0, odd_questions = 0;
  std::vector<OddGold> odd;
  std::map<uint32_t, uint64_t> levels;  // questions by level; 0: not said
  std::map<std::string, uint64_t> subjects, sources;
  uint64_t rated = 0;                       // questions with a pass rate
  double rates = 0;                         // their sum
  std::array<uint64_t, 10> rate_bins = {};  // [0, 0.1), ..., [0.9, 1]
};

// `grader` is one of the verifier's (FindGrader). Pure.
QuestionSummary Summarize(const data::QuestionFile& file, const std::string& grader);

// For people; and the object that docs/reference/cli.md lists, with a line's end.
std::string ToText(const QuestionSummary& summary, const std::string& path, const std::string& format);
std::string ToJson(const QuestionSummary& summary, const std::string& path, const std::string& format);

}  // namespace drover::cli
