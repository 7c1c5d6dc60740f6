#include "verifier/extract.h"

#include <algorithm>
#include <array>
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

// The content of the box whose command starts at `at` and is `length` bytes long; nullopt if it does not open with a
// brace or never closes. `end` gets the position after the box.
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

// Case-insensitive rfind of an ASCII needle given in lower case.
size_t RFindLower(std::string_view text, std::string_view needle) {
  const auto match = [](char a, char b) { return ToLower(a) == b; };
  const auto it = std::find_end(text.begin(), text.end(), needle.begin(), needle.end(), match);
  return it == text.end() ? text.npos : static_cast<size_t>(it - text.begin());
}

// True if the text between two dollar signs reads as prose ("$5 and then $6" is money, not LaTeX).
bool LooksLikeProse(std::string_view content) {
  int depth = 0;
  size_t run = 0, words = 0;
  for (size_t i = 0; i <= content.size(); ++i) {
    const char c = i < content.size() ? content[i] : ' ';
    if (IsAlpha(c) && depth == 0) {
      ++run;
      continue;
    }
    const bool command = i > run && content[i - run - 1] == '\\';
    if (run >= 3 && !command && (c == ' ' || c == ',') && i > run && content[i - run - 1] == ' ') ++words;
    run = 0;
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
  }
  return words >= 2;
}

// A search for a closing brace that fails reads to the end: after so many failures no more are tried, so that the
// whole stays linear.
constexpr int kMaxUnclosed = 8;

struct Span {
  size_t begin = 0, end = 0;  // of the content, delimiters excluded
};

// The last delimited LaTeX expression that starts at or after `from`; one pass.
std::optional<Span> LastLatex(std::string_view text, size_t from, bool first_only) {
  std::optional<Span> last;
  std::array<bool, 256> dead{};  // by the closing delimiter's last byte: it does not occur again
  int unclosed = 0;
  for (size_t i = from; i < text.size();) {
    const std::string_view rest = text.substr(i);
    std::string_view close;
    if (rest.substr(0, 2) == "$$") {
      close = "$$";
    } else if (rest[0] == '$') {
      close = "$";
    } else if (rest.substr(0, 2) == "\\(") {
      close = "\\)";
    } else if (rest.substr(0, 2) == "\\[") {
      close = "\\]";
    } else if (rest.substr(0, 6) == "\\boxed") {
      size_t end = 0;
      const auto box = unclosed < kMaxUnclosed ? BoxAt(text, i, 6, &end) : std::nullopt;
      if (box) {
        last = Span{static_cast<size_t>(box->data() - text.data()), end - 1};
        if (first_only) return last;
      } else {
        ++unclosed;
      }
      i = box ? end : i + 6;
      continue;
    } else {
      i += rest[0] == '\\' ? 2 : 1;
      continue;
    }
    const size_t begin = i + close.size();
    const size_t kind = static_cast<unsigned char>(close.size() == 2 && close[0] == '$' ? 0 : close.back());
    size_t end = dead[kind] ? text.npos : text.find(close, begin);
    while (close == "$" && end != text.npos && text[end - 1] == '\\') end = text.find(close, end + 1);
    if (end == text.npos) {
      dead[kind] = true;
      i = begin;
      continue;
    }
    if (close == "$" && LooksLikeProse(text.substr(begin, end - begin))) {
      i = begin;
      continue;
    }
    if (!TrimSpace(text.substr(begin, end - begin)).empty()) {
      last = Span{begin, end};
      if (first_only) return last;
    }
    i = end + close.size();
  }
  return last;
}

bool NumberByte(char c) { return IsDigit(c) || c == '.' || c == ','; }

// The last number, with its sign, thousands separators, a fraction bar and a percent sign.
std::optional<std::string> LastNumber(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    while (end > 0 && !IsDigit(text[end - 1])) --end;
    if (end == 0) return std::nullopt;
    size_t begin = end;
    while (begin > 0 && NumberByte(text[begin - 1])) --begin;
    while (!IsDigit(text[begin]) && text[begin] != '.') ++begin;
    if (begin > 1 && text[begin - 1] == '/' && IsDigit(text[begin - 2])) {
      --begin;
      while (begin > 0 && IsDigit(text[begin - 1])) --begin;
    }
    if (begin > 0 && IsAlpha(text[begin - 1])) {  // "AZYUK2A", "x2": part of a word
      end = begin;
      continue;
    }
    if (begin > 0 && (text[begin - 1] == '-' || text[begin - 1] == '+')) {
      const size_t before = begin - 1;
      if (before == 0 || IsSpace(text[before - 1]) || text[before - 1] == '(' || text[before - 1] == '=')
        --begin;
    }
    std::string number(text.substr(begin, end - begin));
    if (end < text.size() && text[end] == '%') number += '%';
    if (text.substr(end, 2) == " %" || text.substr(end, 2) == "\\%") number += '%';
    return number;
  }
  return std::nullopt;
}

// "5. So it holds" -> "5"; a stop inside a number stays.
std::string_view FirstSentence(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') return text.substr(0, i);
    const bool stop = text[i] == '.' && (i + 1 == text.size() || IsSpace(text[i + 1]));
    if (stop) return text.substr(0, i);
  }
  return text;
}

std::string_view StripMarks(std::string_view text) {
  const auto mark = [](char c) { return IsSpace(c) || c == ':' || c == '*'; };
  while (!text.empty() && mark(text.front())) text.remove_prefix(1);
  while (!text.empty() && (mark(text.back()) || text.back() == '.')) text.remove_suffix(1);
  return text;
}

// What follows an announcement that ends at `from`: the LaTeX that starts there, else the sentence.
std::optional<std::string> AfterAnnouncement(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size() && (IsSpace(text[at]) || text[at] == ':' || text[at] == '*')) ++at;
  const std::string_view rest = text.substr(at);
  const std::string_view two = rest.substr(0, 2);
  if (!rest.empty() && (rest[0] == '$' || two == "\\(" || two == "\\[" || rest.substr(0, 6) == "\\boxed")) {
    if (auto span = LastLatex(text, at, /*first_only=*/true); span && span->begin <= at + 8) {
      return std::string(text.substr(span->begin, span->end - span->begin));
    }
  }
  const std::string_view sentence = StripMarks(FirstSentence(rest));
  if (sentence.empty()) return std::nullopt;
  return std::string(sentence);
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

namespace {

// "Final Answer: The largest n is 34. I hope it is correct.": what follows the last "is", else the last number.
std::optional<std::string> FromFinalAnswer(std::string_view text) {
  constexpr std::string_view kMark = "final answer:";
  const size_t at = RFindLower(text, kMark);
  if (at == text.npos) return std::nullopt;
  const std::string_view sentence = FirstSentence(TrimSpace(text.substr(at + kMark.size())));
  const size_t is = sentence.rfind(" is ");
  if (is == sentence.npos) return LastNumber(sentence);
  return AfterAnnouncement(sentence, is + 4);
}

}  // namespace

std::optional<std::string> ExtractPlain(std::string_view text, bool loose) {
  if (loose) {
    if (auto answer = FromFinalAnswer(text)) return answer;
  }
  static constexpr std::array<std::string_view, 5> kAnnouncements = {
      "the answer is", "answer is", "answer:", "r\xc3\xa9ponse est", "\xe7\xad\x94\xe6\xa1\x88\xe6\x98\xaf"};
  for (size_t i = 0; i < (loose ? kAnnouncements.size() : 1); ++i) {
    const size_t at = RFindLower(text, kAnnouncements[i]);
    if (at == text.npos) continue;
    if (auto answer = AfterAnnouncement(text, at + kAnnouncements[i].size())) return answer;
  }
  const auto span = LastLatex(text, 0, /*first_only=*/false);
  if (span && loose) {
    if (auto number = LastNumber(text.substr(span->end))) return number;
  }
  if (span) {
    return std::string(text.substr(span->begin, span->end - span->begin));
  }
  return LastNumber(text);
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
