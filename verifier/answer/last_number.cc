#include <algorithm>
#include <iterator>

#include "verifier/answer/extract.h"
#include "verifier/chars.h"

namespace drover::verifier {
namespace {

bool NumberByte(char c) { return IsDigit(c) || c == '.' || c == ','; }

// The scripts of minus: ASCII, the minus sign, hyphens and dashes, small, heavy, raised and full-width forms, what looks like
// one, and its names in HTML. A number must not lose its sign to a font.
constexpr std::string_view kMinus[] = {"-",
                                       "\xe2\x88\x92",
                                       "\xe2\x80\x90",
                                       "\xe2\x80\x91",
                                       "\xe2\x80\x92",
                                       "\xe2\x80\x93",
                                       "\xe2\x80\x94",
                                       "\xe2\x80\x95",
                                       "\xe2\x81\x83",
                                       "\xe2\x81\xbb",
                                       "\xe2\x94\x80",
                                       "\xe2\x9e\x96",
                                       "\xe3\x83\xbc",
                                       "\xef\xb9\x98",
                                       "\xef\xb9\xa3",
                                       "\xef\xbc\x8d",
                                       "\xcb\x97",
                                       "\xc2\xad",
                                       "&minus;",
                                       "&ndash;",
                                       "&#8722;"};
// Both signs: no number then, but two.
constexpr std::string_view kPlusMinus[] = {"\xc2\xb1", "\\pm", "\\pm ", "+/-", "+-"};

// The bytes of the minus that ends at `end`; 0: there is none.
size_t MinusBefore(std::string_view text, size_t end) {
  for (const std::string_view minus : kMinus) {
    if (end >= minus.size() && text.substr(end - minus.size(), minus.size()) == minus) return minus.size();
  }
  return 0;
}

// True where a minus after `end` is a sign and takes nothing from a value: not after a digit, a letter or a closing
// bracket. Of other scripts, relations and punctuation are no values.
bool StartsValue(std::string_view text, size_t end) {
  while (end > 1 && text[end - 1] == '_' && (text[end - 2] == '_' || IsSpace(text[end - 2])))
    --end;  // "__-4__"
  if (end == 0 || (end == 1 && text[0] == '_')) return true;
  const char last = text[end - 1];
  if (static_cast<unsigned char>(last) < 0x80) {
    static constexpr std::string_view kValueEnds = ")]}.%!'^_";
    return !IsAlpha(last) && !IsDigit(last) && kValueEnds.find(last) == kValueEnds.npos;
  }
  if (end < 3) return false;
  static constexpr std::string_view kBlocks[] = {"\xe2\x80", "\xe2\x86", "\xe2\x87", "\xe2\x88",
                                                 "\xe2\x89", "\xe3\x80", "\xef\xbc"};
  const std::string_view code = text.substr(end - 3, 3);
  const bool root_or_infinity = code == "\xe2\x88\x9a" || code == "\xe2\x88\x9e";
  return !root_or_infinity &&
         std::find(std::begin(kBlocks), std::end(kBlocks), code.substr(0, 2)) != std::end(kBlocks);
}

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// The word that ends `text`, in lower case.
std::string LastWord(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && text.size() - begin < 12 && IsAlpha(text[begin - 1])) --begin;
  return LowerCase(text.substr(begin));
}

// A sign in words, or one that a space parts from its number: "minus 3" but not "5 minus 3", "= - 3" but not "5 - 3".
bool IsNegativeApart(std::string_view before) {
  before = TrimEnd(before);
  const std::string word = LastWord(before);
  if (word == "negative") return true;
  const size_t sign = word == "minus" ? word.size() : word.empty() ? MinusBefore(before, before.size()) : 0;
  if (sign == 0) return false;
  before.remove_suffix(sign);
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (before.empty()) return true;
  if (before.back() == '\n') return false;  // the mark of a list
  before = TrimEnd(before);
  static constexpr std::string_view kVerbs[] = {"is", "equals", "be", "to", "of", "was", "are", "or", "and"};
  const std::string verb = LastWord(before);
  if (!verb.empty())
    return word == "minus" || std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs);
  return StartsValue(before, before.size()) && before.back() != '*';
}

// True if the number that starts at `begin` has a minus, perhaps with a currency sign between them.
bool IsNegative(std::string_view text, size_t begin) {
  if (begin > 0 && text[begin - 1] == '$') {
    --begin;
    if (begin > 0 && text[begin - 1] == '\\') --begin;
  }
  if (const size_t minus = MinusBefore(text, begin); minus > 0) return StartsValue(text, begin - minus);
  return begin > 0 && IsSpace(text[begin - 1]) && IsNegativeApart(text.substr(0, begin));
}

}  // namespace

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
    const std::string_view before = text.substr(0, begin);
    const bool both =
        std::any_of(std::begin(kPlusMinus), std::end(kPlusMinus), [before](std::string_view sign) {
          return before.size() >= sign.size() && before.substr(before.size() - sign.size()) == sign;
        });
    std::string number = both ? "\\pm " : IsNegative(text, begin) ? "-" : "";
    number += text.substr(begin, end - begin);
    if (end < text.size() && text[end] == '%') number += '%';
    if (text.substr(end, 2) == " %" || text.substr(end, 2) == "\\%") number += '%';
    return number;
  }
  return std::nullopt;
}

}  // namespace drover::verifier
