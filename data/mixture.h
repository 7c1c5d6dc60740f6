// Several question files in proportions: how a recipe's data.mixture and `drover data mix` name them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "data/question_formats.h"

namespace drover::data {

// What data.train says when data.mixture has the files.
inline constexpr std::string_view kMixture = "mixture";

struct MixturePart {
  std::string path;
  double weight = 1;   // beside those of the others
  std::string format;  // empty: data.format
};

// "FILE:WEIGHT" or "FILE:WEIGHT:FORMAT", as in "math.jsonl:0.7:math". INVALID_ARGUMENT for anything else.
absl::StatusOr<MixturePart> ParseMixturePart(std::string_view text);
// The way back.
std::string ToText(const MixturePart& part);

}  // namespace drover::data
