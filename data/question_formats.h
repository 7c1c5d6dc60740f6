// Question files as they are published, by name. Each record is read by the format's own rule; what a rule does not name is
// not looked at. docs/guides/data.md shows a record of each.
//
//   jsonl      problem, answer (or the recipe's keys): data/jsonl.h
//   math       problem, answer or the last \boxed{} of solution; level, subject or type
//   gsm8k      question, answer: what follows the last ####, without thousands commas and <<..>> marks
//   asdiv      body and question, answer without its unit in brackets; grade, solution_type
//   orz        [{"from": "human", "value"}, {"from": "assistant", "ground_truth": {"value"}}]
//   dapo       prompt (a chat or a text, without the instruction around the problem), reward_model.ground_truth
//   big_math   problem, answer; source, domain, llama8b_solve_rate (its pass rate)
//   numina     problem, answer or the last \boxed{} of solution; source, problem_type
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "data/flat_json.h"
#include "data/question.h"

namespace drover::data {

// The format of files that say `problem` and `answer`, the only one whose keys a recipe may choose.
inline constexpr std::string_view kJsonl = "jsonl";

struct QuestionFormat {
  std::string_view name;
  std::string_view what;      // for listings
  bool list_records = false;  // RecordLayout's
  // INVALID_ARGUMENT: not such a record, with what is missing or wrong ("has no `question`"). FAILED_PRECONDITION: such a
  // record, but with no answer that could be read ("has no \\boxed{} in `solution`"); published sets have a few. Null of kJsonl.
  absl::StatusOr<Question> (*read)(const FlatJson& record) = nullptr;
};

// kJsonl first, the others by name.
const std::vector<QuestionFormat>& QuestionFormats();

// INVALID_ARGUMENT names those that there are.
absl::StatusOr<const QuestionFormat*> FindQuestionFormat(std::string_view name);

// The content of the last \boxed{...} or \fbox{...}, braces balanced, or of "\boxed 5" the 5; empty without one.
std::string_view LastBoxed(std::string_view solution);

// level, subject (or type), source and pass_rate of a record of any format, where it has them: into `question`.
// INVALID_ARGUMENT for a pass_rate that is no number from 0 to 1.
absl::Status ReadLabels(const FlatJson& record, Question& question);

}  // namespace drover::data
