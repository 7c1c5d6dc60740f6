// The answer in a response that marks it by words, by LaTeX or not at all.
#include <algorithm>
#include <array>

#include "verifier/answer/extract.h"
#include "verifier/chars.h"

namespace drover::verifier {
namespace {

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

// True if dollar signs at begin - 1 and at `end` are two amounts of money ("$200,000 - $130,000") and no pair.
bool IsMoney(std::string_view text, size_t begin, size_t end) {
  static constexpr std::string_view kOpen = " +-*/=,(:";
  return IsDigit(text[begin]) && end + 1 < text.size() && IsDigit(text[end + 1]) &&
         kOpen.find(text[end - 1]) != kOpen.npos;
}

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
    if (close == "$" && (IsMoney(text, begin, end) || LooksLikeProse(text.substr(begin, end - begin)))) {
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
  const std::string_view sentence = StripMarks(WithoutExplanation(StripMarks(FirstSentence(rest))));
  if (sentence.empty()) return std::nullopt;
  return std::string(sentence);
}

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

}  // namespace drover::verifier
