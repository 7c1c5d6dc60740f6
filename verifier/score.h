// Scores the grader on files of cases: accuracy by kind, false verdicts, speed. Used by verifier-score and
// `drover bench verify`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {

// One line of a case file: gold and pred or response (see docs/results/verifier.md).
struct ScoreCase {
  std::string id;
  std::string kind;  // "kind" of the case, prefixed by its class where it has one; else the file's name
  std::string scored_class;  // "math", "convention", "policy" or ""
  GradeRequest request;
  int rounding_digits = -1;  // of the case's own configuration, where it is coarser than 6
  bool expected = false;
};

// Reads a JSONL file. On a malformed line returns false with *error naming file, line and what is wrong.
bool ReadCases(const std::string& path, std::vector<ScoreCase>* cases, std::string* error);

struct Tally {
  int64_t cases = 0, right = 0, false_positives = 0, false_negatives = 0;
};

struct Timing {
  double grades_per_second = 0, p50_ms = 0, p99_ms = 0, max_ms = 0;
};

struct Score {
  std::map<std::string, Tally> kinds;
  std::map<std::string, Timing> kind_timing;
  std::map<std::string, int64_t> reasons;
  Tally all;
  Timing single, all_cores;
  std::vector<std::string> mistakes;  // one line each
};

// Grades all cases; `seconds` > 0 repeats them for the timing of one thread and of all cores.
Score RunScore(const std::vector<ScoreCase>& cases, const Options& options, double seconds);

// {"single": {...}, "all": {...}, "kinds": {...}, "accuracy": {...}, "reasons": {...}}.
std::string ScoreJson(const Score& score);

}  // namespace drover::verifier
