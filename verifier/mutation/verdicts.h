// Runs the grader over pairs whose truth is known by construction, and counts its false verdicts by kind.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "verifier/mutation/golds.h"

namespace drover::verifier::mutation {

struct KindTally {
  int64_t pairs = 0;
  int64_t false_verdicts = 0;         // false positives of a wrong kind, false negatives of an equal one
  int64_t unread = 0;                 // of a wrong kind: answers refused because they could not be read
  std::vector<std::string> examples;  // of false verdicts, a line each
};

struct Verdicts {
  std::map<std::string, KindTally> wrong, equal;
  KindTally all_wrong, all_equal;
};

struct RunOptions {
  int64_t pairs = 50'000;
  uint64_t seed = 1;
  int examples = 3;  // kept of each kind
  std::string only;  // kinds that contain it; empty: all
};

// The kinds that there are, wrong or equal ones.
std::vector<std::string> KindNames(bool wrong);

// Half of the pairs are of wrong kinds, and each kind of a table is drawn as often as the others; half of the golds are
// of `golds`, where there are any. The same pairs on every machine, each a function of the seed and its number.
Verdicts RunPairs(const std::vector<Gold>& golds, const RunOptions& options);

// As lines: a kind, its pairs, its false verdicts, examples.
std::string Report(const Verdicts& verdicts);

}  // namespace drover::verifier::mutation
