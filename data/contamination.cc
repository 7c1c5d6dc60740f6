#include "data/contamination.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"

namespace drover::data {
namespace {

// They set what stands around them and say nothing themselves.
constexpr std::array<std::string_view, 9> kSetting = {"left", "right", "displaystyle", "text",  "mathrm",
                                                      "mbox", "quad",  "qquad",        "textbf"};

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0; }

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

uint64_t HashWords(const std::vector<std::string>& words, size_t begin, size_t end) {
  return Hash64(absl::StrJoin(words.begin() + static_cast<ptrdiff_t>(begin),
                              words.begin() + static_cast<ptrdiff_t>(end), " "));
}

// Hashes of the runs of `length` words, in their order.
std::vector<uint64_t> Runs(const std::vector<std::string>& words, size_t length) {
  std::vector<uint64_t> runs;
  for (size_t begin = 0; begin + length <= words.size(); ++begin)
    runs.push_back(HashWords(words, begin, begin + length));
  return runs;
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const bool command = text[at] == '\\';
    size_t end = command ? at + 1 : at;
    while (end < text.size() && (command ? IsLetter(text[end]) : IsWordByte(text[end]))) ++end;
    std::string word(text.substr(command ? at + 1 : at, end - at - (command ? 1 : 0)));
    at = std::max(end, at + 1);
    if (word.empty()) continue;
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
      return static_cast<char>(absl::ascii_tolower(static_cast<unsigned char>(c)));
    });
    if (command && word == "dfrac") word = "frac";
    if (command && std::find(kSetting.begin(), kSetting.end(), word) != kSetting.end()) continue;
    words.push_back(std::move(word));
  }
  return words;
}

void TrainingText::Add(std::string_view question, uint64_t index) {
  const std::vector<std::string> words = WordsOf(question);
  if (words.empty()) return;
  texts_.try_emplace(HashWords(words, 0, words.size()), index);
  for (const uint64_t run : Runs(words, options_.words)) runs_.try_emplace(run, index);
}

OverlapResult TrainingText::Find(std::string_view question) const {
  const std::vector<std::string> words = WordsOf(question);
  if (words.empty()) return {};
  if (const auto same = texts_.find(HashWords(words, 0, words.size())); same != texts_.end()) {
    return {Overlap::kSame, same->second, 1};
  }
  const std::vector<uint64_t> runs = Runs(words, options_.words);
  uint64_t found = 0;
  std::optional<uint64_t> first;
  for (const uint64_t run : runs) {
    const auto known = runs_.find(run);
    if (known == runs_.end()) continue;
    ++found;
    if (!first) first = known->second;
  }
  if (!first) return {};
  const double share = static_cast<double>(found) / static_cast<double>(runs.size());
  return {share >= options_.threshold ? Overlap::kRuns : Overlap::kNone, *first, share};
}

}  // namespace drover::data
