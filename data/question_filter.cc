#include "data/question_filter.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace drover::data {
namespace {

bool ParseLevel(absl::string_view text, uint32_t* level) {
  constexpr uint32_t kHighest = 1000;
  return absl::SimpleAtoi(text, level) && *level > 0 && *level <= kHighest;
}

}  // namespace

absl::StatusOr<std::vector<std::pair<uint32_t, uint32_t>>> ParseLevels(std::string_view text) {
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  if (absl::StripAsciiWhitespace(ToAbsl(text)).empty()) return ranges;
  for (const auto part : absl::StrSplit(ToAbsl(text), ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    uint32_t low = 0, high = 0;
    const bool one = part.find('-') == absl::string_view::npos;
    if (!ParseLevel(ends.first, &low) || !ParseLevel(one ? ends.first : ends.second, &high) || low > high) {
      return absl::InvalidArgumentError(
          absl::StrCat("got `", ToAbsl(text), "`, may be levels like 3-5 or 1,3-5, from 1 up"));
    }
    ranges.emplace_back(low, high);
  }
  return ranges;
}

bool QuestionFilter::KeepsAll() const {
  return levels.empty() && subjects.empty() && min_pass_rate <= 0 && max_pass_rate >= 1;
}

bool QuestionFilter::Keeps(const Question& question) const {
  const auto in_range = [&](const auto& range) {
    return range.first <= question.level && question.level <= range.second;
  };
  if (!levels.empty() && std::none_of(levels.begin(), levels.end(), in_range)) return false;
  const auto same = [&](const std::string& subject) {
    return absl::EqualsIgnoreCase(subject, question.subject);
  };
  if (!subjects.empty() && std::none_of(subjects.begin(), subjects.end(), same)) return false;
  if (min_pass_rate <= 0 && max_pass_rate >= 1) return true;
  return question.pass_rate && min_pass_rate <= *question.pass_rate && *question.pass_rate <= max_pass_rate;
}

absl::StatusOr<QuestionFilter> FilterOf(const v1::DataSettings& settings) {
  QuestionFilter filter;
  auto levels = ParseLevels(settings.levels());
  if (!levels.ok()) return Annotate(levels.status(), "data.levels");
  filter.levels = *std::move(levels);
  filter.subjects.assign(settings.subjects().begin(), settings.subjects().end());
  filter.min_pass_rate = settings.min_pass_rate();
  filter.max_pass_rate = settings.has_max_pass_rate() ? settings.max_pass_rate() : 1;
  return filter;
}

}  // namespace drover::data
