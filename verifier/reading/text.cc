#include "verifier/reading/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "verifier/chars.h"
#include "verifier/reading/spellings.h"
#include "verifier/reading/words.h"
#include "verifier/utf8.h"

namespace drover::verifier {
namespace {

std::string_view LatexOf(uint32_t code) {
  const auto it = std::lower_bound(std::begin(kSpellings), std::end(kSpellings), code,
                                   [](const Spelling& s, uint32_t c) { return s.code < c; });
  if (it == std::end(kSpellings) || it->code != code) return std::string_view(nullptr, 0);
  return it->latex;
}

// The command name (letters) that starts at `at`.
std::string_view CommandName(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsAlpha(text[end])) ++end;
  return text.substr(at, end - at);
}

// TeX's negations, which the grammar does not read: "\neg 0" is no line end before "eg 0".
bool IsNegation(std::string_view name) {
  static constexpr std::string_view kNegations[] = {"neg",  "nmid", "nsim", "ncong",     "nless",
                                                    "ngtr", "nleq", "ngeq", "nparallel", "nexists"};
  return std::find(std::begin(kNegations), std::end(kNegations), name) != std::end(kNegations);
}

// "^{2}" or "_{n}": a superscript or subscript character.
bool IsScript(std::string_view latex) {
  return latex.size() == 4 && (latex[0] == '^' || latex[0] == '_') && latex[1] == '{';
}

struct Entity {
  std::string_view html, latex;
};
constexpr Entity kEntities[] = {{"&lt;", "<"},     {"&gt;", ">"},         {"&le;", "\\le "},
                                {"&ge;", "\\ge "}, {"&ne;", "\\ne "},     {"&amp;", "&"},
                                {"&nbsp;", " "},   {"&minus;", "-"},      {"&times;", "\\times "},
                                {"&pi;", "\\pi "}, {"&deg;", "^{\\circ}"}};

// The HTML entity that `text` starts with, or nullptr.
const Entity* FindEntity(std::string_view text) {
  for (const Entity& entity : kEntities) {
    if (text.substr(0, entity.html.size()) == entity.html) return &entity;
  }
  return nullptr;
}

}  // namespace

std::string NormalizeMath(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  const bool rows = FindFirst(text, "\\begin") != text.npos || FindFirst(text, "matrix{") != text.npos;
  size_t script_end = std::string_view::npos;  // in `text`, of the last superscript or subscript character
  char script_kind = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\\' && !rows && i + 2 < text.size() && text[i + 1] == '\\') {
      // "\\frac" outside of an environment is "\frac" escaped twice.
      const std::string_view name = CommandName(text, i + 2);
      if (IsKnownCommand(name)) ++i;
      out += text.substr(i, 1);
      ++i;
      if (!IsKnownCommand(name)) out += text[i++];
    } else if (c == '\\' && i + 1 < text.size() && text[i + 1] == 'n' &&
               !IsKnownCommand(CommandName(text, i + 1)) && !IsNegation(CommandName(text, i + 1))) {
      out += ' ';  // an escaped line end
      i += 2;
    } else if (c == '\f' && text.substr(i + 1, 3) == "rac") {
      out += "\\f";
      ++i;
    } else if (const Entity* entity = c == '&' && i + 1 < text.size() && IsLower(text[i + 1])
                                          ? FindEntity(text.substr(i, 8))
                                          : nullptr) {
      out += entity->latex;
      i += entity->html.size();
    } else if (c == '{' && text.substr(i, 3) == "{-}" &&
               (out.empty() || (out.back() != '^' && out.back() != '_'))) {
      out += '-';  // a sign that TeX shall not space
      i += 3;
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += c;
      ++i;
    } else {
      uint32_t code = 0;
      const size_t length = DecodeUtf8(text.substr(i), &code);
      if (length == 0) {
        out += c;
        ++i;
        continue;
      }
      const std::string_view latex = LatexOf(code);
      if (IsScript(latex) && script_end == i && script_kind == latex[0]) {
        out.insert(out.size() - 1, latex.substr(2, 1));  // x¹² is x^{12}
      } else if (latex.data() != nullptr) {
        out += latex;
      } else {
        out += text.substr(i, length);
      }
      i += length;
      if (IsScript(latex)) script_end = i, script_kind = latex[0];
    }
  }
  return out;
}

namespace {

// True if the last byte says nothing: a space, the stop of a sentence ("5." but not "5...").
bool EndsInMark(std::string_view text) {
  if (text.empty()) return false;
  const char last = text.back();
  const auto before = [text](size_t n) { return n < text.size() ? text[text.size() - 1 - n] : ' '; };
  if (last == '.') return before(1) != '.' || !IsDigit(before(3));
  return IsSpace(last) || last == ',' || last == ';';
}

}  // namespace

std::string BareText(std::string_view text) {
  std::string out;
  const auto space = [&out] {
    if (!out.empty() && out.back() != ' ') out += ' ';
  };
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\\') {
      const std::string_view name = CommandName(text, i + 1);
      if (name.empty()) {
        const char escaped = i + 1 < text.size() ? text[i + 1] : ' ';
        if (escaped == '%' || escaped == '$' || escaped == '&' || escaped == '#') {
          out += escaped;
        } else if (escaped != '!') {
          space();
        }
        i += 2;
      } else {
        if (!IsTextCommand(name) && !IsSpacingCommand(name)) {
          out += '\\';
          out += name;
        } else {
          if (IsSpacingCommand(name)) space();
        }
        i += 1 + name.size();
      }
    } else if (c == '{' || c == '}' || c == '$' || c == '*' || c == '"') {
      ++i;
    } else if (IsSpace(c) || c == '~') {
      space();
      ++i;
    } else {
      out += c;
      ++i;
    }
  }
  std::string_view trimmed = out;
  while (EndsInMark(trimmed)) trimmed.remove_suffix(1);
  return std::string(TrimSpace(trimmed));
}

}  // namespace drover::verifier
