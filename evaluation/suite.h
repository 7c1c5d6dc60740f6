// Suites of questions: a folder of JSONL files, each a benchmark, its golds read by the convention that its file keeps.
//
// A line (or an element of a file that is one list) has `problem` (a text, or a chat: a list of {"role", "content"}) and `answer`:
//   a text          is the gold answer, without the white space around it ("025" of AIME is 25 to the grader)
//   a number        is the number, however it is written: 142.0 (AMC) is 142 and not "142, rounded to a tenth"
//   a list          holds acceptable answers, of which any counts (Minerva, OlympiadBench); several answers at once are one
//                   text of it, parted by commas
// `level` (a number or a text: 5, "Level 5") and `subject`, `subfield` (OlympiadBench) or `type` (Minerva, MATH) are read
// where they are there. Other keys are not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/jsonl.h"
#include "data/question.h"

namespace drover::evaluation {

struct SuiteQuestion {
  std::string id;       // "amc/12": its benchmark and its position in the file, from 0
  uint64_t number = 0;  // names its random numbers (Ask::number); follows from the id alone
  std::string digest;   // XXH3-128 of what is asked: the same question in any file, under any id
  std::string level;    // "5"; empty where the data have none
  std::string subject;  // likewise
  data::Question question;
};

struct Benchmark {
  std::string name;      // the file's, without .jsonl
  std::string digest;    // XXH3-128 over the questions that are asked, their golds, levels and subjects
  uint64_t in_file = 0;  // questions that the file has; as many as are asked without a limit
  std::vector<SuiteQuestion> questions;
};

struct SuiteOptions {
  std::string path;                // a folder of .jsonl files, or one such file
  std::vector<std::string> names;  // benchmarks, in this order; empty: all of the folder, by name
  std::optional<uint64_t> limit;   // the first so many questions of each
  data::QuestionKeys keys = {.chats = true};
};

// Not empty, and no benchmark without a question. NOT_FOUND for a path that is not there; INVALID_ARGUMENT for a benchmark
// that the folder does not have (with those that it has) or that is named twice, and "FILE:LINE: ..." for a line that is
// no question.
absl::StatusOr<std::vector<Benchmark>> LoadSuite(const SuiteOptions& options);

// One line of a question file, without what its place decides (id and number). Pure.
absl::StatusOr<SuiteQuestion> ParseSuiteLine(std::string_view line, const data::QuestionKeys& keys);

}  // namespace drover::evaluation
