// How long the responses of a measurement are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::model_tool {

// Tokens of a response, 1 or more: from `least` to `most`, both included.
struct TokenRange {
  uint32_t least = 1, most = 1;
  bool is_one() const { return least == most; }
};

// "N", or "A..B" with 1 <= A <= B. INVALID_ARGUMENT, with the flag's name, says what is wrong.
absl::StatusOr<TokenRange> ParseTokenRange(std::string_view flag, const std::string& text);
// The other way.
std::string ToString(const TokenRange& range);

// So many lengths, spread evenly from the least to the most, in that order.
std::vector<uint32_t> SpreadLengths(const TokenRange& range, uint32_t count);

}  // namespace drover::model_tool
