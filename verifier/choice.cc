#include "verifier/choice.h"

#include <algorithm>
#include <string>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

bool IsOption(char c) { return c >= 'A' && c <= 'J'; }

// The text without math delimiters, font commands and braces; commands are dropped, their arguments kept.
std::string Bare(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && IsAlpha(text[end])) ++end;
      if (end == i + 1) {
        ++end;
        out += ' ';
      }
      i = end - 1;
    } else if (c != '{' && c != '}' && c != '$' && c != '*') {
      out += c;
    }
  }
  return std::string(TrimSpace(out));
}

bool WordByte(char c) { return IsAlpha(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80; }

std::optional<char> FirstLoneCapital(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsOption(text[i])) continue;
    const bool starts = i == 0 || !IsAlpha(text[i - 1]);
    const bool ends =
        i + 1 == text.size() || !(IsAlpha(text[i + 1]) || IsDigit(text[i + 1]) || text[i + 1] == '\'');
    if (starts && ends) return text[i];
  }
  return std::nullopt;
}

// True for what may follow "(C)": nothing, a mark, or a space and the option's text; not "^2", "+ 1" or "(D)".
bool EndsLabel(std::string_view rest) {
  if (rest.empty() || rest[0] == '.' || rest[0] == ':' || rest[0] == ',') return true;
  if (static_cast<unsigned char>(rest[0]) >= 0x80) return true;
  if (!IsSpace(rest[0])) return false;
  rest = TrimSpace(rest);
  static constexpr std::string_view kOperators = "+-*/^=<>!|)";
  return rest.empty() || kOperators.find(rest[0]) == kOperators.npos;
}

// "(C)", "C", "C)", "C. words", "(C) words", "C: words"; with `loose` also "C words" and lower case in brackets.
std::optional<char> Leading(std::string_view text, bool loose) {
  const bool bracket = !text.empty() && (text[0] == '(' || text[0] == '[');
  if (bracket) text = TrimSpace(text.substr(1));
  if (text.empty()) return std::nullopt;
  char letter = text[0];
  if (bracket && text.size() >= 2 && text[1] == ')' && IsLower(letter))
    letter = static_cast<char>(letter - 'a' + 'A');
  if (!IsOption(letter)) return std::nullopt;
  const std::string_view rest = TrimSpace(text.substr(1));
  if (bracket) {
    if (rest.empty() || (rest[0] != ')' && rest[0] != ']')) return std::nullopt;
    return EndsLabel(rest.substr(1)) ? std::optional(letter) : std::nullopt;
  }
  if (rest.empty() || rest == "." || rest == ")" || rest == ":") return letter;
  const bool mark = rest[0] == ')' || rest[0] == '.' || rest[0] == ':';
  if (mark && rest.size() > 1 && (IsSpace(rest[1]) || rest[0] == ')')) return letter;
  if (loose && static_cast<unsigned char>(rest[0]) >= 0x80) return letter;
  const bool spaced = IsSpace(text[1]);
  if ((letter == 'A' || letter == 'I') && !IsUpper(rest[0])) return std::nullopt;  // the words "a" and "I"
  return loose && spaced && WordByte(rest[0]) ? std::optional(letter) : std::nullopt;
}

}  // namespace

std::optional<std::string_view> AfterChoice(std::string_view text) {
  int braces = 0;
  std::string_view rest = TrimSpace(text);
  const auto skip_space = [&rest] { rest = TrimSpace(rest); };
  if (rest.size() > 1 && rest.front() == '$' && rest.back() == '$') rest = rest.substr(1, rest.size() - 2);
  if (rest.substr(0, 5) == "\\text" || rest.substr(0, 5) == "\\math") {
    const size_t open = rest.find('{');
    if (open == rest.npos || open > 8) return std::nullopt;
    rest.remove_prefix(open + 1);
    ++braces;
    skip_space();
  }
  const bool bracket = !rest.empty() && rest[0] == '(';
  if (bracket) rest.remove_prefix(1);
  if (rest.empty() || !IsOption(rest[0])) return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const bool closes = rest[0] == ')' || (!bracket && (rest[0] == '.' || rest[0] == ':'));
  if (!closes || (!bracket && (rest.size() < 2 || !(IsSpace(rest[1]) || rest[1] == '}'))))
    return std::nullopt;
  rest.remove_prefix(1);
  skip_space();
  if (braces > 0) {
    const size_t close = rest.find('}');
    if (close == rest.npos) return std::nullopt;
    if (close == 0) {
      rest.remove_prefix(1);
    } else if (close + 1 == rest.size()) {
      rest.remove_suffix(1);
    } else {
      return std::nullopt;
    }
    skip_space();
  }
  static constexpr std::string_view kOperators = "+-*/^=<>,;:!)]}&|_.'";
  if (rest.empty() || kOperators.find(rest[0]) != kOperators.npos) return std::nullopt;
  return rest;
}

std::optional<char> ReadChoice(std::string_view text, bool prose) {
  // An option's name stands within the first or the announced few hundred bytes; longer answers are cut, not read.
  const std::string bare = Bare(text.substr(0, 4096));
  if (auto letter = Leading(bare, prose)) return letter;
  if (!prose) return std::nullopt;
  const std::string lower = LowerCase(bare);
  for (const std::string_view mark :
       {std::string_view("answer is"), std::string_view("answer:"), std::string_view("ponse est"),
        std::string_view("option"), std::string_view("choice")}) {
    const size_t at = lower.rfind(mark);
    if (at == lower.npos) continue;
    if (auto letter = FirstLoneCapital(std::string_view(bare).substr(at + mark.size()))) return letter;
  }
  return std::nullopt;
}

}  // namespace drover::verifier
