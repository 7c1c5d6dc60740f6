// Whether questions of an evaluation are among those of training: the same text however it is spaced and set, or a run of
// words in common that chance does not make.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace drover::data {

// The words of a text: runs of letters and digits, in lower case; of LaTeX the names of commands too, without what only sets
// them (spaces, \left, \right, \displaystyle, \!). Bytes that are not ASCII are parts of words.
std::vector<std::string> WordsOf(std::string_view text);

struct OverlapOptions {
  uint32_t words = 13;  // of a run; questions of fewer are compared whole
  double threshold =
      0.5;  // the share of an evaluation question's runs that are in one training file's, from which it counts
};

enum class Overlap { kNone, kRuns, kSame };

struct OverlapResult {
  Overlap kind = Overlap::kNone;
  uint64_t training = 0;  // the first training question that has it, or the first of its runs that any has
  double share = 0;       // of its runs that are in training; 1 of kSame
};

// Not thread-safe while questions are added.
class TrainingText {
 public:
  explicit TrainingText(OverlapOptions options) : options_(options) {}

  void Add(std::string_view question, uint64_t index);
  OverlapResult Find(std::string_view question) const;

 private:
  const OverlapOptions options_;
  // By hash of the text and of each run of options_.words words: the first question that has it.
  absl::flat_hash_map<uint64_t, uint64_t> texts_;
  absl::flat_hash_map<uint64_t, uint64_t> runs_;
};

}  // namespace drover::data
