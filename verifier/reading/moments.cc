#include "verifier/reading/moments.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

int ReadInt(std::string_view text, size_t* at, size_t max_digits) {
  int value = -1;
  for (size_t n = 0; *at < text.size() && IsDigit(text[*at]) && n < max_digits; ++n, ++*at) {
    value = (value < 0 ? 0 : value) * 10 + (text[*at] - '0');
  }
  return value;
}

}  // namespace

std::optional<TimeOfDay> ReadTimeOfDay(std::string_view bare) {
  size_t at = 0;
  TimeOfDay out;
  const std::string lower = LowerCase(bare);
  for (const std::string_view word : {std::string_view("noon"), std::string_view("midnight")}) {
    const size_t before = lower.size() - std::min(lower.size(), word.size());
    if (lower.substr(before) != word) continue;
    const std::string_view digits = TrimSpace(std::string_view(lower).substr(0, before));
    if (!digits.empty() && digits != "12:00" && digits != "12") return std::nullopt;
    out.hour = word == "noon" ? 12 : 0;
    out.half_day_given = true;
    return out;
  }
  out.hour = ReadInt(bare, &at, 2);
  if (out.hour < 0) return std::nullopt;
  const bool colon = at < bare.size() && bare[at] == ':';
  if (colon) {
    const size_t begin = ++at;
    out.minute = ReadInt(bare, &at, 2);
    if (at - begin != 2) return std::nullopt;
  }
  if (colon && at < bare.size() && bare[at] == ':') {
    const size_t begin = ++at;
    out.second = ReadInt(bare, &at, 2);
    if (at - begin != 2 || out.second > 59) return std::nullopt;
    out.second_given = true;
  }
  std::string rest;
  for (; at < bare.size(); ++at) {
    if (IsAlpha(bare[at])) {
      rest += ToLower(bare[at]);
    } else if (bare[at] != ' ' && bare[at] != '.') {
      return std::nullopt;
    }
  }
  if (out.hour > 23 || out.minute > 59 || (!colon && rest.empty())) return std::nullopt;
  if (rest.empty()) {
    out.half_day_given = out.hour > 12;
    return out;
  }
  if ((rest != "am" && rest != "pm") || out.hour == 0 || out.hour > 12) return std::nullopt;
  out.hour = out.hour % 12 + (rest == "pm" ? 12 : 0);
  out.half_day_given = true;
  return out;
}

bool SameTime(const TimeOfDay& a, const TimeOfDay& b) {
  if (a.minute != b.minute || a.second != b.second) return false;
  return a.half_day_given && b.half_day_given ? a.hour == b.hour : a.hour % 12 == b.hour % 12;
}

namespace {

// "1776-07-04".
std::optional<std::string> ReadIsoDate(std::string_view bare) {
  if (bare.size() != 10) return std::nullopt;
  for (size_t i = 0; i < bare.size(); ++i) {
    if (i == 4 || i == 7 ? bare[i] != '-' : !IsDigit(bare[i])) return std::nullopt;
  }
  return std::string(bare);
}

}  // namespace

std::optional<std::string> ReadDate(std::string_view bare) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (bare.size() > 40) return std::nullopt;
  if (auto date = ReadIsoDate(bare)) return date;
  int month = 0, day = 0, year = 0;
  for (size_t at = 0; at < bare.size();) {
    if (IsAlpha(bare[at])) {
      std::string word;
      while (at < bare.size() && IsAlpha(bare[at])) word += ToLower(bare[at++]);
      if ((word == "st" || word == "nd" || word == "rd" || word == "th") && day != 0) continue;
      if (word == "of" || word == "the") continue;
      if (month != 0 || word.size() < 3) return std::nullopt;
      for (size_t m = 0; m < kMonths.size(); ++m) {
        const bool short_form = word.size() <= 4 && kMonths[m].substr(0, word.size()) == word;
        if (word == kMonths[m] || short_form) month = static_cast<int>(m) + 1;
      }
      if (month == 0) return std::nullopt;
    } else if (IsDigit(bare[at])) {
      const size_t begin = at;
      const int value = ReadInt(bare, &at, 4);
      const bool is_year = at - begin == 4;
      if ((is_year ? year : day) != 0) return std::nullopt;
      (is_year ? year : day) = value;
    } else if (bare[at] == ' ' || bare[at] == ',' || bare[at] == '.') {
      ++at;
    } else {
      return std::nullopt;
    }
  }
  if (month == 0 || day > 31 || (day == 0 && year == 0)) return std::nullopt;
  char out[32];
  std::snprintf(out, sizeof(out), "%04d-%02d-%02d", year, month, day);
  return std::string(out);
}

}  // namespace drover::verifier
