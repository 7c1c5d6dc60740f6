#include "analysis/answer_text.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace drover::analysis {
namespace {

constexpr size_t kShortestContentWord = 4;

const std::vector<std::pair<std::string_view, std::string_view>>& NumberWords() {
  static const auto* const kWords = new std::vector<std::pair<std::string_view, std::string_view>>{
      {"zero", "0"},     {"one", "1"},      {"two", "2"},        {"three", "3"},     {"four", "4"},
      {"five", "5"},     {"six", "6"},      {"seven", "7"},      {"eight", "8"},     {"nine", "9"},
      {"ten", "10"},     {"eleven", "11"},  {"twelve", "12"},    {"thirteen", "13"}, {"fourteen", "14"},
      {"fifteen", "15"}, {"sixteen", "16"}, {"seventeen", "17"}, {"eighteen", "18"}, {"nineteen", "19"},
      {"twenty", "20"},  {"thirty", "30"},  {"forty", "40"},     {"fifty", "50"},    {"sixty", "60"},
      {"seventy", "70"}, {"eighty", "80"},  {"ninety", "90"}};
  return *kWords;
}

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// Runs of bytes that `in` is true for, `use`d one by one.
template <typename In, typename Use>
void ForEachRun(const std::string& text, In in, Use use) {
  for (size_t at = 0; at < text.size();) {
    if (!in(at)) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < text.size() && in(at)) ++at;
    use(text.substr(begin, at - begin));
  }
}

void AddTrimmed(absl::string_view piece, std::vector<std::string>& to) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(piece);
  if (!trimmed.empty()) to.emplace_back(trimmed);
}

}  // namespace

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

std::string Normal(std::string_view text) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(ToAbsl(text)));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) AddTrimmed(line, lines);
  return lines;
}

std::vector<std::string> Sentences(const std::string& text) {
  std::vector<std::string> sentences;
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool last = at + 1 == text.size() || absl::ascii_isspace(static_cast<unsigned char>(text[at + 1]));
    if (c == '\n' || ((c == '.' || c == '?' || c == '!') && last)) {
      AddTrimmed(absl::string_view(text).substr(begin, at + 1 - begin), sentences);
      begin = at + 1;
    }
  }
  AddTrimmed(absl::string_view(text).substr(begin), sentences);
  return sentences;
}

std::vector<std::string> Numbers(const std::string& text) {
  std::vector<std::string> numbers;
  const auto in_number = [&](size_t at) {
    if (IsDigit(text[at])) return true;
    return text[at] == '.' && at > 0 && IsDigit(text[at - 1]) && at + 1 < text.size() &&
           IsDigit(text[at + 1]);
  };
  ForEachRun(text, in_number, [&](const std::string& run) { numbers.push_back(run); });
  ForEachRun(
      text, [&](size_t at) { return IsLetter(text[at]); },
      [&](const std::string& run) {
        for (const auto& [word, digits] : NumberWords()) {
          if (ToStd(run) == word) numbers.emplace_back(digits);
        }
      });
  return numbers;
}

std::vector<std::string> ContentWords(const std::string& text) {
  std::vector<std::string> words;
  ForEachRun(
      text, [&](size_t at) { return IsLetter(text[at]); },
      [&](std::string run) {
        if (run.size() > kShortestContentWord && run.back() == 's') run.pop_back();
        if (run.size() >= kShortestContentWord) words.push_back(std::move(run));
      });
  return words;
}

bool HasAnyOf(const std::string& text, const std::vector<std::string_view>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return absl::StrContains(text, ToAbsl(part)); });
}

bool StartsWithAnyOf(const std::string& text, const std::vector<std::string_view>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view begin) { return absl::StartsWith(text, ToAbsl(begin)); });
}

bool HasWord(const std::string& text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsLetter(text[at - 1])) && (end == text.size() || !IsLetter(text[end]))) return true;
  }
  return false;
}

size_t Shared(const std::vector<std::string>& from, const std::vector<std::string>& in) {
  const std::set<std::string> there(in.begin(), in.end());
  const std::set<std::string> different(from.begin(), from.end());
  return static_cast<size_t>(std::count_if(different.begin(), different.end(),
                                           [&](const std::string& entry) { return there.count(entry) > 0; }));
}

}  // namespace drover::analysis
