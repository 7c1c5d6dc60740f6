// Scores the graders on files of cases: accuracy by kind, false verdicts, speed. Used by `drover bench verify`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {

// One line of a case file, or of a file that `drover grade` reads:
//
//   gold                          a string, or a non-empty array of them of which any counts
//   response, response_b64        a whole response; answer, pred: an extracted answer (the first of the four that is there)
//   expected_math, expected       whether it is right (the first that is there); without one the line is only timed
//   format                        how the answer stands in a whole response; without one, what the reader was told
//   id, kind, class, grader, truncated, config.float_rounding, config.precision: may be there; other keys are not looked at
struct ScoreCase {
  std::string id;
  std::string kind;  // "kind" of the case, prefixed by its class where it has one; else the file's name
  std::string scored_class;  // "math", "convention", "policy" or ""
  std::string grader = "math";
  GradeRequest request;
  int rounding_digits = -1;  // of the case's own configuration, where it is coarser than 6
  std::optional<bool> expected;
};

// Reads a JSONL file; responses of lines that name no format are taken to be in `format`. On a malformed line returns false with *error naming file,
// line, what is wrong and what would be right.
bool ReadCases(const std::string& path, RewardFormat format, std::vector<ScoreCase>* cases,
               std::string* error);

// Of the cases that say what is expected.
struct Tally {
  int64_t cases = 0, right = 0, false_positives = 0, false_negatives = 0;
};

struct Timing {
  double grades_per_second = 0, p50_ms = 0, p99_ms = 0, max_ms = 0;
};

struct Score {
  int64_t lines = 0;
  std::map<std::string, Tally> kinds;
  std::map<std::string, Timing> kind_timing;
  std::map<std::string, int64_t> reasons;
  Tally all;
  Timing single, all_cores;
  std::vector<std::string> mistakes;  // one line each
};

// Grades all cases once, for the verdicts, and on one thread and on all cores for `seconds` each, for the timing (0: the
// first round is timed, on one thread).
Score RunScore(const std::vector<ScoreCase>& cases, const Options& options, double seconds);

// {"single": {...}, "all": {...}, "kinds": {...}, "accuracy": {...}, "reasons": {...}}.
std::string ScoreJson(const Score& score);

}  // namespace drover::verifier
