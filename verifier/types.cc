#include "verifier/types.h"

#include <array>
#include <utility>

namespace drover::verifier {
namespace {

constexpr std::array<std::pair<std::string_view, RewardFormat>, 4> kFormats = {{
    {"boxed", RewardFormat::kBoxed},
    {"answer_tag", RewardFormat::kAnswerTag},
    {"answer_tag_lenient", RewardFormat::kAnswerTagLenient},
    {"plain", RewardFormat::kPlain},
}};

}  // namespace

std::optional<RewardFormat> ParseRewardFormat(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::string_view RewardFormatName(RewardFormat format) {
  for (const auto& [name, known] : kFormats) {
    if (known == format) return name;
  }
  return "?";
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kEqualExact:
      return "equal_exact";
    case Reason::kEqualNumeric:
      return "equal_numeric";
    case Reason::kEqualText:
      return "equal_text";
    case Reason::kDifferent:
      return "different";
    case Reason::kUnparsedResponse:
      return "unparsed_response";
    case Reason::kUnparsedGold:
      return "unparsed_gold";
    case Reason::kNoAnswer:
      return "no_answer";
    case Reason::kTruncated:
      return "truncated";
    case Reason::kOverBudget:
      return "over_budget";
    case Reason::kUnevaluated:
      return "unevaluated";
    case Reason::kUndecided:
      return "undecided";
    case Reason::kInvalidRequest:
      return "invalid_request";
  }
  return "?";
}

bool ReasonIsEqual(Reason reason) {
  return reason == Reason::kEqualExact || reason == Reason::kEqualNumeric || reason == Reason::kEqualText;
}

}  // namespace drover::verifier
