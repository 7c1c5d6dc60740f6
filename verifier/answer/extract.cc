#include "verifier/answer/extract.h"

#include <algorithm>
#include <cstddef>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

// The position just past the brace that closes the one at `open`, or npos. Escaped braces (\{ and \}) do not count
// when `escapes` is set.
size_t MatchBrace(std::string_view text, size_t open, bool escapes) {
  size_t depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    if (escapes && c == '\\') {
      ++i;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> BoxAt(std::string_view text, size_t at, size_t length, size_t* end) {
  size_t open = at + length;
  while (open < text.size() && IsSpace(text[open])) ++open;
  if (open >= text.size() || text[open] != '{') return std::nullopt;
  size_t close = MatchBrace(text, open, /*escapes=*/true);
  if (close == std::string_view::npos) close = MatchBrace(text, open, /*escapes=*/false);
  if (close == std::string_view::npos) return std::nullopt;
  *end = close;
  return text.substr(open + 1, close - open - 2);
}

namespace {

std::string RemoveAll(std::string_view text, std::string_view what) {
  std::string out;
  while (true) {
    const size_t at = text.find(what);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + what.size());
  }
}

Extraction ExtractTag(std::string_view response, bool lenient) {
  constexpr std::string_view kOpen = "<answer>", kClose = "</answer>";
  const bool opened = response.find(lenient ? kOpen : std::string_view("</think> <answer>")) != response.npos;
  if (!opened || response.find(kClose) == response.npos) return {};
  Extraction out{.formatted = true};
  const std::string answer = RemoveAll(response.substr(response.rfind(kOpen) + kOpen.size()), kClose);
  if (answer.find("\\boxed") == answer.npos) {
    out.answer = answer;
  } else if (auto box = LastBox(answer)) {
    out.answer = std::string(*box);
  }
  return out;
}

}  // namespace

std::optional<std::string_view> LastBox(std::string_view text) {
  for (const std::string_view command : {std::string_view("\\boxed"), std::string_view("\\fbox")}) {
    size_t at = FindLast(text, command);
    // "\boxed" that opens no brace ("use \boxed notation") is a mention, not a box.
    while (at != text.npos) {
      size_t open = at + command.size();
      while (open < text.size() && IsSpace(text[open])) ++open;
      if (open < text.size() && text[open] == '{') break;
      at = at == 0 ? text.npos : FindLast(text, command, at - 1);
    }
    if (at == text.npos) continue;
    size_t end = 0;
    return BoxAt(text, at, command.size(), &end);
  }
  return std::nullopt;
}

namespace {

// True for the text between two boxes that makes one list of them: at most five words, the last of them a
// connective, or punctuation only.
bool JoinsBoxes(std::string_view gap) {
  std::vector<std::string> words;
  bool comma = false;
  for (size_t i = 0; i < gap.size();) {
    if (gap[i] == '\\') {
      ++i;
      while (i < gap.size() && IsAlpha(gap[i])) ++i;
    } else if (IsAlpha(gap[i])) {
      std::string word;
      while (i < gap.size() && IsAlpha(gap[i])) word += ToLower(gap[i++]);
      words.push_back(word);
    } else {
      comma = comma || gap[i] == ',' || gap[i] == ';';
      if (gap[i] == '.') return false;
      ++i;
    }
    if (words.size() > 5) return false;
  }
  if (words.empty()) return comma;
  return words.back() == "and" || words.back() == "or" || (comma && words.empty());
}

}  // namespace

std::vector<std::string_view> JoinedBoxes(std::string_view text) {
  std::vector<std::string_view> boxes;
  size_t previous_end = 0;
  int unclosed = 0;
  for (size_t at = text.find("\\boxed"); at != text.npos; at = text.find("\\boxed", at)) {
    size_t end = 0;
    const auto box = unclosed < kMaxUnclosed ? BoxAt(text, at, 6, &end) : std::nullopt;
    if (!box) {
      ++unclosed;
      at += 6;
      continue;
    }
    if (!boxes.empty() && !JoinsBoxes(text.substr(previous_end, at - previous_end))) boxes.clear();
    boxes.push_back(*box);
    previous_end = end;
    at = end;
  }
  return boxes;
}

std::optional<std::string> BoxesAsList(std::string_view text) {
  const std::vector<std::string_view> boxes = JoinedBoxes(text);
  if (boxes.size() < 2) return std::nullopt;
  std::string joined;
  for (const std::string_view box : boxes) {
    if (!joined.empty()) joined += " , ";
    joined += box;
  }
  return joined;
}

Extraction ExtractAnswer(std::string_view response, RewardFormat format) {
  Extraction out;
  switch (format) {
    case RewardFormat::kBoxed:
      if (auto box = LastBox(response)) out = {.formatted = true, .answer = std::string(*box)};
      return out;
    case RewardFormat::kAnswerTag:
      return ExtractTag(response, /*lenient=*/false);
    case RewardFormat::kAnswerTagLenient:
      return ExtractTag(response, /*lenient=*/true);
    case RewardFormat::kPlain:
      out.answer = ExtractPlain(response, /*loose=*/false);
      out.formatted = out.answer.has_value();
      return out;
  }
  return out;
}

}  // namespace drover::verifier
