#include "data/mixture.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::data {

absl::StatusOr<MixturePart> ParseMixturePart(std::string_view text) {
  constexpr double kLargestWeight = 1e6;
  MixturePart part;
  std::string_view rest = text;
  const auto cut = [&rest] {
    const size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos) return std::string_view();
    const std::string_view last = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    return last;
  };
  std::string_view last = cut();
  if (FindQuestionFormat(last).ok()) {
    part.format = std::string(last);
    last = cut();
  }
  if (absl::SimpleAtod(ToAbsl(last), &part.weight) && part.weight > 0 && part.weight <= kLargestWeight &&
      !rest.empty()) {
    part.path = std::string(rest);
    return part;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "got `", ToAbsl(text),
      "`, may be FILE:WEIGHT or FILE:WEIGHT:FORMAT, like math.jsonl:0.7:math, with a weight above 0"));
}

std::string ToText(const MixturePart& part) {
  return absl::StrCat(part.path, ":", part.weight, part.format.empty() ? "" : ":", part.format);
}

}  // namespace drover::data
