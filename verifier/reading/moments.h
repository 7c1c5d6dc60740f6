// Times of day and dates, which are text to the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drover::verifier {

struct TimeOfDay {
  int hour = 0, minute = 0, second = 0;
  bool second_given = false;
  bool half_day_given = false;  // a.m. or p.m. stands there (or the hour is over 12): hour is of 24
};

// "4:30 p.m.", "4:30PM", "16:30", "16:30:00", "noon"; the text bare, as BareText() gives it. Without a half day only if `minutes_required`
// digits make it plausible (two minute digits, hour under 24).
std::optional<TimeOfDay> ReadTimeOfDay(std::string_view bare);

// The same moment; where one side lacks the half day, hours of 12 are compared.
bool SameTime(const TimeOfDay& a, const TimeOfDay& b);

// "March 5, 2020", "5 March 2020", "Mar. 5": "2020-03-05", "0000-03-05" without a year; "2020-03-05" itself.
std::optional<std::string> ReadDate(std::string_view bare);

}  // namespace drover::verifier
