#include "recipe/text_scan.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "recipe/field_rules.h"

namespace drover::recipe {
namespace {

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; }
bool IsNumberStart(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsQuote(char c) { return c == '"' || c == '\''; }

// Past the string that begins with a quote at `at`; one that is not closed ends with its line.
size_t StringEnd(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    } else if (text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

// Past the token at `at`, which is no blank: a string, a name, a number with whatever is glued to it, one character.
size_t TokenEnd(std::string_view text, size_t at) {
  if (IsQuote(text[at])) return StringEnd(text, at);
  size_t end = at + 1;
  if (IsNameStart(text[at])) {
    while (end < text.size() && IsNamePart(text[end])) ++end;
  } else if (IsNumberStart(text[at])) {
    // The sign of an exponent belongs to the number.
    while (end < text.size() && (IsNamePart(text[end]) || ((text[end] == '-' || text[end] == '+') &&
                                                           absl::ascii_tolower(text[end - 1]) == 'e'))) {
      ++end;
    }
  }
  return end;
}

size_t BracketEnd(std::string_view text, size_t begin) {
  int depth = 0;
  for (size_t at = begin; (at = NextToken(text, at)) < text.size(); at = TokenEnd(text, at)) {
    const char c = text[at];
    if (c == '{' || c == '<' || c == '[') ++depth;
    if ((c == '}' || c == '>' || c == ']') && --depth == 0) return at + 1;
  }
  return text.size();
}

// Follows the text token by token and knows which field is being named or given a value.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void RunUpTo(size_t offset) {
    for (size_t at = 0; (at = NextToken(text_, at)) < std::min(offset, text_.size());) {
      const size_t end = TokenEnd(text_, at);
      Take(at, end);
      at = end;
    }
  }

  Place Here() const {
    Place place;
    place.path = place_.empty() ? "" : JoinPath(Prefix(), place_);
    place.field_begin = field_begin_;
    place.value_begin = NextToken(text_, field_end_);
    if (place.value_begin < text_.size()) {
      const char separator = text_[place.value_begin];
      place.colon = separator == ':';
      // `a = 5` is no text format, but it is clear what the value is.
      if (separator == ':' || separator == '=') place.value_begin = NextToken(text_, place.value_begin + 1);
    }
    place.value_end = ValueEnd(text_, place.value_begin);
    place.repeated = repeated_;
    return place;
  }

 private:
  std::string Prefix() const { return stack_.empty() ? "" : stack_.back(); }

  void Take(size_t at, size_t end) {
    const char c = text_[at];
    if (c == '[') ++lists_;
    if (c == ']' && lists_ > 0) --lists_;
    if (c == '{' || c == '<') {
      stack_.push_back(JoinPath(Prefix(), place_));
      place_.clear();
      value_next_ = false;
    } else if ((c == '}' || c == '>') && !stack_.empty()) {
      stack_.pop_back();
      value_next_ = false;
    } else if (c == ':') {
      value_next_ = true;
    } else if (IsNameStart(c) && !value_next_ && lists_ == 0) {
      place_ = std::string(text_.substr(at, end - at));
      field_begin_ = at;
      field_end_ = end;
      repeated_ = !seen_.insert(JoinPath(Prefix(), place_)).second;
    } else if (c != '-' && lists_ == 0) {
      value_next_ = false;
    }
  }

  std::string_view text_;
  std::vector<std::string> stack_;  // paths of the messages that are open
  std::set<std::string> seen_;
  std::string place_;
  size_t field_begin_ = 0;
  size_t field_end_ = 0;
  int lists_ = 0;
  bool value_next_ = false;
  bool repeated_ = false;
};

}  // namespace

size_t NextToken(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (absl::ascii_isspace(static_cast<unsigned char>(text[at]))) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

size_t ValueEnd(std::string_view text, size_t begin) {
  if (begin >= text.size()) return text.size();
  const char first = text[begin];
  if (first == '{' || first == '<' || first == '[') return BracketEnd(text, begin);
  if (IsQuote(first)) {
    size_t end = StringEnd(text, begin);
    for (size_t next = NextToken(text, end); next < text.size() && IsQuote(text[next]);
         next = NextToken(text, end)) {
      end = StringEnd(text, next);
    }
    return end;
  }
  size_t end = text.find_first_of(" \t\r\n,;#{}<>[]", begin);
  return end == std::string_view::npos ? text.size() : end;
}

Place PlaceAt(std::string_view text, size_t offset) {
  Scanner scanner(text);
  scanner.RunUpTo(offset);
  return scanner.Here();
}

size_t OffsetAt(std::string_view text, int line, int column) {
  size_t at = 0;
  for (; line > 0 && at < text.size(); ++at) {
    if (text[at] == '\n') --line;
  }
  for (int here = 0; here < column && at < text.size() && text[at] != '\n'; ++at) {
    here = text[at] == '\t' ? (here / 8 + 1) * 8 : here + 1;
  }
  return at;
}

}  // namespace drover::recipe
