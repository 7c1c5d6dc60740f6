// Which questions of a file a run trains on, by what the file says of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "data/question.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// "3-5", "1,3-5": the ranges, both ends included. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::vector<std::pair<uint32_t, uint32_t>>> ParseLevels(std::string_view text);

struct QuestionFilter {
  std::vector<std::pair<uint32_t, uint32_t>> levels;  // empty: all, also those without a level
  std::vector<std::string> subjects;                  // empty: all; compared without regard to case
  double min_pass_rate = 0;
  double max_pass_rate = 1;

  // True when it keeps every question.
  bool KeepsAll() const;
  // A question that does not say what is asked for is not kept.
  bool Keeps(const Question& question) const;
};

// That of data.levels, data.subjects, data.min_pass_rate and data.max_pass_rate. INVALID_ARGUMENT names the field.
absl::StatusOr<QuestionFilter> FilterOf(const v1::DataSettings& settings);

}  // namespace drover::data
