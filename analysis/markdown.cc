#include "analysis/markdown.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"

namespace drover::analysis {
namespace {

constexpr char kNone[] = "–";

std::string Row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) {
    absl::StrAppend(&row, " ", absl::StrReplaceAll(cell, {{"|", "\\|"}, {"\n", " "}}), " |");
  }
  return row + "\n";
}

}  // namespace

std::string MarkdownTable(const std::vector<std::string>& head,
                          const std::vector<std::vector<std::string>>& rows) {
  std::string table = Row(head);
  table += Row(std::vector<std::string>(head.size(), "---"));
  for (const std::vector<std::string>& row : rows) table += Row(row);
  return table;
}

std::string Percent(double share) {
  return std::isfinite(share) ? absl::StrFormat("%.1f %%", share * 100) : kNone;
}

std::string PercentWith(double share, const statistics::Interval& interval) {
  if (!std::isfinite(share)) return kNone;
  return absl::StrCat(Percent(share), " [", Percent(interval.low), ", ", Percent(interval.high), "]");
}

std::string Fixed(double value, int decimals) {
  return std::isfinite(value) ? absl::StrFormat("%.*f", decimals, value) : kNone;
}

std::string AgreementMarkdown(const Agreement& agreement, const std::string& first,
                              const std::string& second) {
  std::vector<std::string> head = {absl::StrCat(first, " \\ ", second)};
  head.insert(head.end(), agreement.labels.begin(), agreement.labels.end());
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < agreement.labels.size(); ++i) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(agreement.labels[i]);
    for (uint64_t count : agreement.counts[i]) row.push_back(absl::StrCat(count));
  }
  return absl::StrCat(MarkdownTable(head, rows), "\nAgreed on ", Percent(agreement.agreed), " of ",
                      agreement.total, "; Cohen's kappa ", Fixed(agreement.kappa, 2), ".\n");
}

std::string ShortName(const std::string& model) {
  if (model.find(" at ") != std::string::npos) return model;
  const size_t end = model.find_last_not_of('/');
  if (end == std::string::npos) return model;
  const size_t slash = model.rfind('/', end);
  const size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return model.substr(begin, end + 1 - begin);
}

std::string Quoted(std::string_view text, size_t most) {
  size_t end = std::min(text.size(), most);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string shown(text.substr(0, end));
  if (text.size() > end) absl::StrAppend(&shown, "\n[... ", text.size() - end, " more bytes]");
  size_t longest = 2, run = 0;
  for (char c : shown) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return absl::StrCat(fence, "text\n", shown, "\n", fence, "\n");
}

nlohmann::ordered_json NumberOrNull(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

nlohmann::ordered_json IntervalJson(const statistics::Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return nullptr;
  return nlohmann::ordered_json::array({interval.low, interval.high});
}

nlohmann::ordered_json IntervalOf(double share, const statistics::Interval& interval) {
  return std::isfinite(share) ? IntervalJson(interval) : nlohmann::ordered_json();
}

nlohmann::ordered_json AgreementJson(const Agreement& agreement) {
  return {{"responses", agreement.total},
          {"labels", agreement.labels},
          {"counts", agreement.counts},
          {"agreed", NumberOrNull(agreement.agreed)},
          {"kappa", NumberOrNull(agreement.kappa)}};
}

}  // namespace drover::analysis
