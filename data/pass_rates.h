// How often a model answered each question rightly, from files of graded responses:
//
//   {"problem": "...", "responses": [{"reward": 1, ...}, ...]}    responses.jsonl of drover eval: a question a line
//   {"question": "...", "reward": 0, ...}                         a response a line, its question by text
//   {"id": 17, "reward": 1, ...}                                  drover grade's output: by the question's number, from 0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "data/question.h"

namespace drover::data {

// Not thread-safe while lines are added.
class PassRates {
 public:
  // Adds what one line says. INVALID_ARGUMENT for a line that is none of the above.
  absl::Status AddLine(std::string_view line);
  // Adds the lines of a file's bytes; errors are "LINE: the line ...".
  absl::Status AddFile(std::string_view bytes);

  // The share of right responses (a reward above 0.5) to the question: by its key where a line named it, else by its index;
  // nothing when there was none.
  std::optional<double> Of(const Question& question) const;

  uint64_t responses() const { return responses_; }

 private:
  struct Tally {
    uint64_t right = 0, all = 0;
  };
  void Add(Tally& tally, double reward);

  absl::flat_hash_map<std::string, Tally> by_key_;
  absl::flat_hash_map<uint64_t, Tally> by_index_;
  uint64_t responses_ = 0;
};

}  // namespace drover::data
