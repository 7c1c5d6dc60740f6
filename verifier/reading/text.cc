#include "verifier/reading/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

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

// True for what NormalizeMath() leaves as it is whatever follows.
bool IsPlain(char c) {
  return static_cast<unsigned char>(c) < 0x80 && c != '\\' && c != '\f' && c != '&' && c != '{';
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

class Normalizer {
 public:
  explicit Normalizer(std::string_view text) : text_(text) { out_.reserve(text.size() + 8); }

  std::string Run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (IsPlain(c)) {
        size_t end = at_ + 1;
        while (end < text_.size() && IsPlain(text_[end])) ++end;
        Copy(end - at_);
      } else if (static_cast<unsigned char>(c) >= 0x80) {
        Character();
      } else if (!Backslash() && !Repaired()) {
        Copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  char Next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }
  void Copy(size_t bytes) {
    out_ += text_.substr(at_, bytes);
    at_ += bytes;
  }
  bool Replace(size_t bytes, std::string_view by) {
    out_ += by;
    at_ += bytes;
    return true;
  }

  // Looked for where it matters.
  bool HasRows() {
    if (!rows_)
      rows_ = FindFirst(text_, "\\begin") != text_.npos || FindFirst(text_, "matrix{") != text_.npos;
    return *rows_;
  }

  bool Backslash() {
    if (text_[at_] != '\\') return false;
    if (at_ + 2 < text_.size() && Next() == '\\' && !HasRows()) {
      // "\\frac" outside of an environment is "\frac" escaped twice.
      const bool known = IsKnownCommand(CommandName(text_, at_ + 2));
      if (known) ++at_;
      Copy(known ? 1 : 2);
      return true;
    }
    if (Next() != 'n') return false;
    const std::string_view name = CommandName(text_, at_ + 1);
    return !IsKnownCommand(name) && !IsNegation(name) && Replace(2, " ");  // an escaped line end
  }

  bool Repaired() {
    const char c = text_[at_];
    if (c == '\f' && text_.substr(at_ + 1, 3) == "rac") return Replace(1, "\\f");
    if (c == '&' && IsLower(Next())) {
      const Entity* entity = FindEntity(text_.substr(at_, 8));
      return entity != nullptr && Replace(entity->html.size(), entity->latex);
    }
    const bool script = !out_.empty() && (out_.back() == '^' || out_.back() == '_');
    return !script && text_.substr(at_, 3) == "{-}" && Replace(3, "-");  // a sign that TeX shall not space
  }

  // One that is not of ASCII.
  void Character() {
    uint32_t code = 0;
    const size_t length = DecodeUtf8(text_.substr(at_), &code);
    if (length == 0) return Copy(1);
    const std::string_view latex = LatexOf(code);
    if (IsScript(latex) && script_end_ == at_ && script_kind_ == latex[0]) {
      out_.insert(out_.size() - 1, latex.substr(2, 1));  // x¹² is x^{12}
      at_ += length;
    } else if (latex.data() != nullptr) {
      Replace(length, latex);
    } else {
      Copy(length);
    }
    if (IsScript(latex)) script_end_ = at_, script_kind_ = latex[0];
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  std::optional<bool> rows_;                    // see HasRows()
  size_t script_end_ = std::string_view::npos;  // in `text_`, of the last superscript or subscript character
  char script_kind_ = 0;
};

}  // namespace

std::string NormalizeMath(std::string_view text) { return Normalizer(text).Run(); }

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
