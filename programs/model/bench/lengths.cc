#include "programs/model/bench/lengths.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace drover::model_tool {

absl::StatusOr<TokenRange> ParseTokenRange(std::string_view flag, const std::string& text) {
  const std::vector<std::string> ends = absl::StrSplit(text, absl::MaxSplits("..", 1));
  TokenRange range;
  if (absl::SimpleAtoi(ends.front(), &range.least) && absl::SimpleAtoi(ends.back(), &range.most) &&
      range.least >= 1 && range.least <= range.most) {
    return range;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(flag), " is \"", text, "\", must be a number of tokens like 256, or a range like 64..256"));
}

std::string ToString(const TokenRange& range) {
  return range.is_one() ? absl::StrCat(range.least) : absl::StrCat(range.least, "..", range.most);
}

std::vector<uint32_t> SpreadLengths(const TokenRange& range, uint32_t count) {
  std::vector<uint32_t> lengths(count);
  const double steps = std::max<double>(1.0, count - 1.0);
  for (uint32_t i = 0; i < count; ++i) {
    lengths[i] = range.least + static_cast<uint32_t>(std::lround((range.most - range.least) * (i / steps)));
  }
  return lengths;
}

}  // namespace drover::model_tool
