#include "verifier/reading/choice.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "verifier/chars.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

constexpr size_t kMaxBytes = 4'096;

bool IsOption(char c) { return c >= 'A' && c <= 'J'; }

// The text without math delimiters, font and spacing commands and braces.
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
      // A command that does more than set type makes it no option: "\neg C".
      const std::string_view name = text.substr(i + 1, end - i - 1);
      static constexpr std::string_view kTypes[] = {"boxed", "fbox", "underline", "boldsymbol",
                                                    "bm",    "left", "right"};
      const bool sets_type = name.empty() || !IsAlpha(name[0]) || IsTextCommand(name) ||
                             IsSpacingCommand(name) ||
                             std::find(std::begin(kTypes), std::end(kTypes), name) != std::end(kTypes);
      if (!sets_type) (out += '\\') += name;
      i = end - 1;
    } else if (c != '{' && c != '}' && c != '$' && c != '*') {
      out += c == '~' ? ' ' : c;
    }
  }
  return std::string(TrimSpace(out));
}

bool WordByte(char c) { return IsAlpha(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80; }

// True for what may follow "(C)": nothing, a mark, or a space and the option's text; not "^2", "+ 1" or "(D)".
bool EndsLabel(std::string_view rest) {
  if (rest.empty() || rest[0] == '.' || rest[0] == ':' || rest[0] == ',' || rest[0] == ';') return true;
  if (static_cast<unsigned char>(rest[0]) >= 0x80) return true;
  if (!IsSpace(rest[0])) return false;
  rest = TrimSpace(rest);
  static constexpr std::string_view kOperators = "+-*/^=<>!|)";
  return rest.empty() || kOperators.find(rest[0]) == kOperators.npos;
}

struct Label {
  char letter;
  std::string_view rest;  // of the text that it starts
};

// "(C)", "C", "C)", "C. words", "(C) words", "C: words"; with `loose` also "C words".
std::optional<Label> Leading(std::string_view text, bool loose) {
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
    return EndsLabel(rest.substr(1)) ? std::optional(Label{letter, rest.substr(1)}) : std::nullopt;
  }
  if (rest.empty()) return Label{letter, rest};
  const bool mark = rest[0] == ')' || rest[0] == '.' || rest[0] == ':' || (loose && rest[0] == ',');
  if (mark && (rest.size() == 1 || IsSpace(rest[1]) || rest[0] == ')')) return Label{letter, rest.substr(1)};
  if (loose && static_cast<unsigned char>(rest[0]) >= 0x80) return Label{letter, rest};
  const bool spaced = IsSpace(text[1]);
  if ((letter == 'A' || letter == 'I') && !IsUpper(rest[0])) return std::nullopt;  // the words "a" and "I"
  return loose && spaced && WordByte(rest[0]) ? std::optional(Label{letter, rest}) : std::nullopt;
}

// True for a lone capital at `at` that is an option's letter by its looks.
bool IsLone(std::string_view text, size_t at) {
  if (!IsOption(text[at])) return false;
  const bool starts = at == 0 || !(WordByte(text[at - 1]) || text[at - 1] == '\'');
  const bool ends = at + 1 == text.size() || !(WordByte(text[at + 1]) || text[at + 1] == '\'');
  return starts && ends;
}

bool IsConnective(std::string_view word) {
  static constexpr std::string_view kWords[] = {"or",       "and",     "not",    "but",  "maybe", "perhaps",
                                                "possibly", "nor",     "either", "also", "plus",  "versus",
                                                "vs",       "instead", "no",     "then", "rather"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// True if what follows one option's letter names another: a letter with a label's marks ("(D)", "D:", "D."), or one that
// only connectives and punctuation part from the first ("and D", ", D", "or maybe D"). Prose may speak of other options in
// brackets ("C, because (A) is too small").
bool NamesAnother(std::string_view rest, bool prose) {
  const bool article = rest.size() > 3 && rest[0] == ' ' && (rest[1] == 'A' || rest[1] == 'I') &&
                       rest[2] == ' ' && IsLower(rest[3]);
  bool joined = true;  // nothing but connectives so far
  for (size_t i = 0; i < rest.size();) {
    const char c = rest[i];
    if (IsLone(rest, i)) {
      const char before = i > 0 ? rest[i - 1] : ' ', after = i + 1 < rest.size() ? rest[i + 1] : ' ';
      const bool bracketed = (before == '(' || before == '[') && (after == ')' || after == ']');
      const bool spaced = i + 2 >= rest.size() || IsSpace(rest[i + 2]);
      const bool marked = after == ')' || ((after == ':' || after == '.') && spaced && i + 2 < rest.size());
      const bool labelled = bracketed || (marked && before != '(');
      if ((joined && !(article && i == 1)) || (labelled && (!prose || after == ':'))) return true;
    }
    if (!WordByte(c)) {
      joined = joined && (IsSpace(c) || std::string_view(",;/&()[]").find(c) != std::string_view::npos);
      ++i;
      continue;
    }
    size_t end = i;
    while (end < rest.size() && WordByte(rest[end])) ++end;
    joined = (joined || !prose) && IsConnective(LowerCase(rest.substr(i, end - i)));
    i = end;
  }
  return false;
}

// True for what denies the option before it: a verdict ("wrong", "no, ...", "is not right"), not the option's own text
// ("no solution", "cannot be determined").
bool Denies(std::string_view rest) {
  while (!rest.empty() && !WordByte(rest[0])) rest.remove_prefix(1);
  const auto word_of = [](std::string_view text) {
    size_t end = 0;
    while (end < text.size() && (WordByte(text[end]) || text[end] == '\'')) ++end;
    return LowerCase(text.substr(0, end));
  };
  const std::string first = word_of(rest);
  static constexpr std::string_view kVerbs[] = {
      "is",    "isn't", "was", "wasn't", "can't",   "cannot", "could", "seems", "may",
      "might", "must",  "has", "does",   "doesn't", "should", "would", "fails", "contradicts"};
  static constexpr std::string_view kDenials[] = {
      "wrong", "incorrect",  "rejected", "excluded", "eliminated", "invalid", "false",   "not",
      "never", "impossible", "ruled",    "out",      "unlikely",   "maybe",   "perhaps", "fails",
      "fail",  "isn't",      "wasn't",   "can't",    "cannot",     "doesn't", "no",      "contradicts"};
  const auto denial = [](std::string_view word) {
    return std::find(std::begin(kDenials), std::end(kDenials), word) != std::end(kDenials);
  };
  const bool verdict = std::find(std::begin(kVerbs), std::end(kVerbs), first) != std::end(kVerbs);
  const bool own_text = first == "cannot" && LowerCase(rest).find("determined") != std::string::npos;
  if (verdict && !own_text) {
    for (size_t i = 0; i < rest.size();) {
      const std::string word = word_of(rest.substr(i));
      if (denial(word)) return true;
      i += std::max<size_t>(1, word.size());
    }
    return false;
  }
  // A single word, or one before a mark ("no, it is 5").
  std::string_view after = TrimSpace(rest.substr(std::min(rest.size(), first.size())));
  const bool alone = after.empty() || std::string_view(",.;:!").find(after[0]) != std::string_view::npos;
  // "No", "False", "Impossible" are options' texts, too; "no" is a verdict.
  return alone && denial(first) && IsLower(rest[0]) && first != "false" && first != "impossible" &&
         first != "never";
}

std::optional<char> FirstLoneCapital(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsLone(text, i)) continue;
    std::string_view rest = text.substr(i + 1);
    if (!rest.empty() && (rest[0] == ')' || rest[0] == ']')) rest.remove_prefix(1);
    // "The answer is C. Options A and B fail.": what joins another letter stands in the same sentence.
    for (size_t stop = 0; stop < rest.size(); ++stop) {
      if (rest[stop] == '\n' || (rest[stop] == '.' && (stop + 1 == rest.size() || IsSpace(rest[stop + 1])))) {
        rest = rest.substr(0, stop);
        break;
      }
    }
    return NamesAnother(rest, /*prose=*/true) ? std::nullopt : std::optional(text[i]);
  }
  return std::nullopt;
}

// "\textbf{(C)}\ 5": the rest in its own bytes, as mathematics; nullopt if `text` does not start with a label in one of
// the plain forms.
std::optional<std::string_view> RawRest(std::string_view text) {
  int braces = 0;
  std::string_view rest = TrimSpace(text);
  const auto skip_space = [&rest] {
    rest = TrimSpace(rest);
    while (rest.size() > 1 && rest[0] == '\\' &&
           (rest[1] == ' ' || rest[1] == ',' || rest[1] == ';' || rest[1] == '!'))
      rest = TrimSpace(rest.substr(2));
    for (const std::string_view spacing : {"\\quad", "\\qquad", "~"}) {
      if (rest.substr(0, spacing.size()) == spacing) rest = TrimSpace(rest.substr(spacing.size()));
    }
  };
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
  return rest;
}

// A quick look at how `text` starts: false for most answers.
bool MayBeOption(std::string_view text) {
  if (text.empty() || IsDigit(text[0]) || (IsAlpha(text[0]) && !IsOption(text[0]))) return false;
  if (text[0] == '(' && text.size() > 1 && (IsDigit(text[1]) || text[1] == '-')) return false;
  if (text[0] != '\\' || text.size() < 2 || !IsAlpha(text[1])) return true;
  static constexpr std::string_view kFormulas[] = {"\\frac", "\\dfrac", "\\tfrac",
                                                   "\\sqrt", "\\begin", "\\binom"};
  return std::none_of(std::begin(kFormulas), std::end(kFormulas),
                      [text](std::string_view name) { return text.substr(0, name.size()) == name; });
}

}  // namespace

std::optional<ChosenOption> ReadChoice(std::string_view text) {
  text = TrimSpace(text);
  if (!MayBeOption(text)) return std::nullopt;
  // An option's name stands within the first few hundred bytes; longer answers are cut, not read.
  const std::string bare = Bare(text.substr(0, kMaxBytes));
  const auto label = Leading(bare, /*loose=*/false);
  if (!label || NamesAnother(label->rest, /*prose=*/false) || Denies(label->rest)) return std::nullopt;
  std::string_view rest = label->rest;
  if (const auto raw = RawRest(text)) rest = *raw;
  static constexpr std::string_view kMarks = ".:,;) ";
  while (!rest.empty() && (kMarks.find(rest.front()) != kMarks.npos || IsSpace(rest.front())))
    rest.remove_prefix(1);
  return ChosenOption{label->letter, std::string(TrimSpace(rest))};
}

std::optional<char> ReadChoiceInProse(std::string_view text) {
  const std::string bare = Bare(text.substr(0, kMaxBytes));
  if (const auto label = Leading(bare, /*loose=*/true)) {
    const std::string_view first = label->rest.substr(0, label->rest.find('\n'));
    return NamesAnother(first, /*prose=*/true) || Denies(first) ? std::nullopt : std::optional(label->letter);
  }
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
