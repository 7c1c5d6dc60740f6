#include "verifier/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "verifier/chars.h"
#include "verifier/words.h"

namespace drover::verifier {
namespace {

struct Spelling {
  uint32_t code;
  std::string_view latex;
};

// Sorted by code point.
constexpr Spelling kSpellings[] = {{0x00A0, " "},
                                   {0x00A2, "\\text{ cents}"},
                                   {0x00A3, "\\pounds "},
                                   {0x00A5, "\\yen "},
                                   {0x00AC, "\\neg "},
                                   {0x00AD, ""},
                                   {0x00B0, "^{\\circ}"},
                                   {0x00B1, "\\pm "},
                                   {0x00B2, "^{2}"},
                                   {0x00B3, "^{3}"},
                                   {0x00B5, "\\mu "},
                                   {0x00B7, "\\cdot "},
                                   {0x00B9, "^{1}"},
                                   {0x00BA, "^{\\circ}"},
                                   {0x00BC, "\\frac{1}{4}"},
                                   {0x00BD, "\\frac{1}{2}"},
                                   {0x00BE, "\\frac{3}{4}"},
                                   {0x00D7, "\\times "},
                                   {0x00F7, "\\div "},
                                   {0x02E3, "^{x}"},
                                   {0x0391, "A"},
                                   {0x0392, "B"},
                                   {0x0393, "\\Gamma "},
                                   {0x0394, "\\Delta "},
                                   {0x0398, "\\Theta "},
                                   {0x039B, "\\Lambda "},
                                   {0x039E, "\\Xi "},
                                   {0x03A0, "\\Pi "},
                                   {0x03A3, "\\Sigma "},
                                   {0x03A6, "\\Phi "},
                                   {0x03A8, "\\Psi "},
                                   {0x03A9, "\\Omega "},
                                   {0x03B1, "\\alpha "},
                                   {0x03B2, "\\beta "},
                                   {0x03B3, "\\gamma "},
                                   {0x03B4, "\\delta "},
                                   {0x03B5, "\\epsilon "},
                                   {0x03B6, "\\zeta "},
                                   {0x03B7, "\\eta "},
                                   {0x03B8, "\\theta "},
                                   {0x03B9, "\\iota "},
                                   {0x03BA, "\\kappa "},
                                   {0x03BB, "\\lambda "},
                                   {0x03BC, "\\mu "},
                                   {0x03BD, "\\nu "},
                                   {0x03BE, "\\xi "},
                                   {0x03C0, "\\pi "},
                                   {0x03C1, "\\rho "},
                                   {0x03C3, "\\sigma "},
                                   {0x03C4, "\\tau "},
                                   {0x03C5, "\\upsilon "},
                                   {0x03C6, "\\phi "},
                                   {0x03C7, "\\chi "},
                                   {0x03C8, "\\psi "},
                                   {0x03C9, "\\omega "},
                                   {0x03D5, "\\phi "},
                                   {0x1D62, "_{i}"},
                                   {0x2002, " "},
                                   {0x2003, " "},
                                   {0x2004, " "},
                                   {0x2005, " "},
                                   {0x2006, " "},
                                   {0x2007, " "},
                                   {0x2008, " "},
                                   {0x2009, " "},
                                   {0x200A, " "},
                                   {0x200B, " "},
                                   {0x2010, "-"},
                                   {0x2011, "-"},
                                   {0x2012, "-"},
                                   {0x2013, "-"},
                                   {0x2014, "-"},
                                   {0x2016, "\\|"},
                                   {0x2018, "'"},
                                   {0x2019, "'"},
                                   {0x201C, "\""},
                                   {0x201D, "\""},
                                   {0x2022, "\\cdot "},
                                   {0x2026, "\\ldots "},
                                   {0x202F, " "},
                                   {0x2032, "'"},
                                   {0x2033, "''"},
                                   {0x2044, "/"},
                                   {0x2060, " "},
                                   {0x2061, " "},
                                   {0x2062, " "},
                                   {0x2063, " "},
                                   {0x2070, "^{0}"},
                                   {0x2071, "^{i}"},
                                   {0x2074, "^{4}"},
                                   {0x2075, "^{5}"},
                                   {0x2076, "^{6}"},
                                   {0x2077, "^{7}"},
                                   {0x2078, "^{8}"},
                                   {0x2079, "^{9}"},
                                   {0x207A, "^{+}"},
                                   {0x207B, "^{-}"},
                                   {0x207F, "^{n}"},
                                   {0x2080, "_{0}"},
                                   {0x2081, "_{1}"},
                                   {0x2082, "_{2}"},
                                   {0x2083, "_{3}"},
                                   {0x2084, "_{4}"},
                                   {0x2085, "_{5}"},
                                   {0x2086, "_{6}"},
                                   {0x2087, "_{7}"},
                                   {0x2088, "_{8}"},
                                   {0x2089, "_{9}"},
                                   {0x2093, "_{x}"},
                                   {0x2096, "_{k}"},
                                   {0x2098, "_{m}"},
                                   {0x2099, "_{n}"},
                                   {0x20AC, "\\euro "},
                                   {0x20B9, "\\rupee "},
                                   {0x2102, "\\mathbb{C}"},
                                   {0x2113, "\\ell "},
                                   {0x2115, "\\mathbb{N}"},
                                   {0x211A, "\\mathbb{Q}"},
                                   {0x211D, "\\mathbb{R}"},
                                   {0x2124, "\\mathbb{Z}"},
                                   {0x2153, "\\frac{1}{3}"},
                                   {0x2154, "\\frac{2}{3}"},
                                   {0x2155, "\\frac{1}{5}"},
                                   {0x2156, "\\frac{2}{5}"},
                                   {0x2157, "\\frac{3}{5}"},
                                   {0x2158, "\\frac{4}{5}"},
                                   {0x2159, "\\frac{1}{6}"},
                                   {0x215A, "\\frac{5}{6}"},
                                   {0x215B, "\\frac{1}{8}"},
                                   {0x215C, "\\frac{3}{8}"},
                                   {0x215D, "\\frac{5}{8}"},
                                   {0x215E, "\\frac{7}{8}"},
                                   {0x2192, "\\to "},
                                   {0x21D2, "\\Rightarrow "},
                                   {0x2202, "\\partial "},
                                   {0x2205, "\\emptyset "},
                                   {0x2206, "\\Delta "},
                                   {0x2208, "\\in "},
                                   {0x220F, "\\prod "},
                                   {0x2211, "\\sum "},
                                   {0x2212, "-"},
                                   {0x2213, "\\mp "},
                                   {0x2215, "/"},
                                   {0x2216, "\\setminus "},
                                   {0x2217, "*"},
                                   {0x2218, "^{\\circ}"},
                                   {0x2219, "\\cdot "},
                                   {0x221A, "\\sqrt "},
                                   {0x221B, "\\sqrt[3]"},
                                   {0x221C, "\\sqrt[4]"},
                                   {0x221E, "\\infty "},
                                   {0x2220, "\\angle "},
                                   {0x2223, "\\mid "},
                                   {0x2227, "\\land "},
                                   {0x2228, "\\lor "},
                                   {0x2229, "\\cap "},
                                   {0x222A, "\\cup "},
                                   {0x222B, "\\int "},
                                   {0x2234, "\\therefore "},
                                   {0x2236, ":"},
                                   {0x2248, "\\approx "},
                                   {0x2260, "\\ne "},
                                   {0x2261, "\\equiv "},
                                   {0x2264, "\\le "},
                                   {0x2265, "\\ge "},
                                   {0x22C5, "\\cdot "},
                                   {0x2308, "\\lceil "},
                                   {0x2309, "\\rceil "},
                                   {0x230A, "\\lfloor "},
                                   {0x230B, "\\rfloor "},
                                   {0x2329, "\\langle "},
                                   {0x232A, "\\rangle "},
                                   {0x25A1, ""},
                                   {0x25B3, "\\triangle "},
                                   {0x27E8, "\\langle "},
                                   {0x27E9, "\\rangle "},
                                   {0x2A7D, "\\le "},
                                   {0x2A7E, "\\ge "},
                                   {0x3001, ", "},
                                   {0x3002, ". "},
                                   {0xFE63, "-"},
                                   {0xFEFF, " "},
                                   {0xFF05, "\\%"},
                                   {0xFF08, "("},
                                   {0xFF09, ")"},
                                   {0xFF0B, "+"},
                                   {0xFF0C, ", "},
                                   {0xFF0D, "-"},
                                   {0xFF0E, "."},
                                   {0xFF0F, "/"},
                                   {0xFF1A, ":"},
                                   {0xFF1B, ";"},
                                   {0xFF1C, "<"},
                                   {0xFF1D, "="},
                                   {0xFF1E, ">"},
                                   {0xFF3B, "["},
                                   {0xFF3D, "]"},
                                   {0xFF5B, "\\{"},
                                   {0xFF5C, "|"},
                                   {0xFF5D, "\\}"},
                                   {0xFF5E, "~"}};

// Decodes one code point of well-formed UTF-8; the length in bytes, or 0 if it is malformed.
size_t Decode(std::string_view text, uint32_t* code) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    *code = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || text.size() < length) return 0;
  uint32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  *code = value;
  return length;
}

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

bool IsReadableUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      if (text[i] == '\0') return false;
      ++i;
      continue;
    }
    uint32_t code = 0;
    const size_t length = Decode(text.substr(i), &code);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string NormalizeMath(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  const bool rows = text.find("\\begin") != text.npos || text.find("matrix{") != text.npos;
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
               !IsKnownCommand(CommandName(text, i + 1))) {
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
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += c;
      ++i;
    } else {
      uint32_t code = 0;
      const size_t length = Decode(text.substr(i), &code);
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

// True if the last byte says nothing: a space, the stop of a sentence ("5." but not "5..."), a "!" after a word ("Yes!"
// but not "5!" or "n!").
bool EndsInMark(std::string_view text) {
  if (text.empty()) return false;
  const char last = text.back();
  const auto before = [text](size_t n) { return n < text.size() ? text[text.size() - 1 - n] : ' '; };
  if (last == '!') return IsLower(before(1)) && IsLower(before(2)) && IsAlpha(before(3));
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
