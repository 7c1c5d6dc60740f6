// ASCII character classes that no locale changes, trimming, and searching.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace drover::verifier {

constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsAlpha(char c) { return IsUpper(c) || IsLower(c); }
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// std::string_view::find_first_of calls memchr for every byte of the text; this looks each up.
class CharSet {
 public:
  constexpr explicit CharSet(std::string_view chars) {
    for (const char c : chars) has_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool Has(char c) const { return has_[static_cast<unsigned char>(c)]; }
  constexpr bool AnyIn(std::string_view text) const {
    for (const char c : text) {
      if (Has(c)) return true;
    }
    return false;
  }

 private:
  std::array<bool, 256> has_{};
};

inline std::string_view TrimSpace(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// std::string_view's find and rfind call memchr or memcmp at every place where a match might begin: 5 ns a byte of an answer
// that is all backslashes. These two do not. `what` has at least two bytes.
inline size_t FindFirst(std::string_view text, std::string_view what) {
  const void* at = ::memmem(text.data(), text.size(), what.data(), what.size());
  return at == nullptr ? text.npos : static_cast<size_t>(static_cast<const char*>(at) - text.data());
}
// At `from` or before it.
inline size_t FindLast(std::string_view text, std::string_view what, size_t from = std::string_view::npos) {
  if (text.size() < what.size()) return text.npos;
  for (size_t i = std::min(text.size() - what.size(), from) + 1; i-- > 0;) {
    if (text[i] == what[0] && text[i + 1] == what[1] && text.substr(i, what.size()) == what) return i;
  }
  return text.npos;
}

inline std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ToLower(c);
  return out;
}

}  // namespace drover::verifier
