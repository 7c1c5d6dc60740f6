// The pieces that the reports are made of.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/agreement.h"
#include "statistics/interval.h"

namespace drover::analysis {

// A table; `rows` have as many cells as `head`. Bars and line breaks in cells are escaped.
std::string MarkdownTable(const std::vector<std::string>& head,
                          const std::vector<std::vector<std::string>>& rows);

// "62.0 %"; "–" for what is not a number.
std::string Percent(double share);
// "62.0 % [48.2 %, 74.1 %]".
std::string PercentWith(double share, const statistics::Interval& interval);
// "0.83"; "–" for what is not a number.
std::string Fixed(double value, int decimals);

// The counts of two judges, with the share agreed on and kappa under them. `first` and `second` name the judges.
std::string AgreementMarkdown(const Agreement& agreement, const std::string& first,
                              const std::string& second);

// A model's name where there is little room: of a folder its last part, of "MODEL at URL" all of it.
std::string ShortName(const std::string& model);

// A text as it is, at most `most` bytes of it, in a fence that it cannot close.
std::string Quoted(std::string_view text, size_t most);

// null for what is not finite: JSON has no word for it.
nlohmann::ordered_json NumberOrNull(double value);
nlohmann::ordered_json IntervalJson(const statistics::Interval& interval);
// Of `share`; null where that is not a number.
nlohmann::ordered_json IntervalOf(double share, const statistics::Interval& interval);
nlohmann::ordered_json AgreementJson(const Agreement& agreement);

}  // namespace drover::analysis
