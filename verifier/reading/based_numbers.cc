#include "verifier/reading/based_numbers.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

constexpr std::string_view kBaseNames[] = {"two",   "three", "four", "five",   "six",   "seven",
                                           "eight", "nine",  "ten",  "eleven", "twelve"};

// The base in "_5", "_{12}", "_{\text{two}}" at `at`; 0 if there is none. `end` gets the position after it.
int ReadBase(std::string_view text, size_t at, size_t* end) {
  if (at >= text.size() || text[at] != '_') return 0;
  ++at;
  const bool braces = at < text.size() && text[at] == '{';
  if (!braces) {
    if (at >= text.size() || !IsDigit(text[at])) return 0;
    *end = at + 1;
    return text[at] - '0';
  }
  const size_t close = text.substr(0, at + 40).find('}', at);
  if (close == text.npos) return 0;
  std::string_view inside = text.substr(at + 1, close - at - 1);
  size_t after = close + 1;
  for (const std::string_view command : {std::string_view("\\text{"), std::string_view("\\mathrm{")}) {
    if (inside.substr(0, command.size()) == command) {
      inside.remove_prefix(command.size());
      if (after >= text.size()) return 0;
      const size_t last = text.substr(0, after + 8).find('}', after);  // "_{\\text{base }5}"
      if (last == text.npos) return 0;
      inside = TrimSpace(inside);
      const std::string_view rest = TrimSpace(text.substr(after, last - after));
      if (!rest.empty()) inside = inside == "base" ? rest : std::string_view();
      after = last + 1;
    }
  }
  inside = TrimSpace(inside);
  if (inside.size() > 2 && inside.front() == '(' && inside.back() == ')') {
    inside = inside.substr(1, inside.size() - 2);
  }
  *end = after;
  if (!inside.empty() && inside.size() <= 2 && std::all_of(inside.begin(), inside.end(), IsDigit)) {
    return inside.size() == 1 ? inside[0] - '0' : (inside[0] - '0') * 10 + (inside[1] - '0');
  }
  for (size_t i = 0; i < std::size(kBaseNames); ++i) {
    if (LowerCase(inside) == kBaseNames[i]) return static_cast<int>(i) + 2;
  }
  return 0;
}

}  // namespace

size_t ReadBasedInteger(std::string_view text, Budget& budget, Literal* out) {
  size_t length = 0;
  while (length < text.size() && (IsDigit(text[length]) || IsUpper(text[length]))) ++length;
  size_t after = length;
  while (after < text.size() && (text[after] == ' ' || text.substr(after, 2) == "\\,")) {
    after += text[after] == ' ' ? 1 : 2;
  }
  size_t end = 0;
  const int base = length == 0 ? 0 : ReadBase(text, after, &end);
  if (base < 2 || base > 36) return 0;
  for (char c : text.substr(0, length)) {
    const int digit = IsDigit(c) ? c - '0' : c - 'A' + 10;
    if (digit >= base) return 0;
  }
  if (static_cast<int64_t>(length) * 6 > budget.limits().bits) {
    budget.Exceed();
    return 0;
  }
  if (!budget.Spend(1 + static_cast<int64_t>(length) / 16)) return 0;
  const std::string digits(text.substr(0, length));
  if (fmpz_set_str(out->value.num(), digits.c_str(), base) != 0) return 0;
  fmpz_one(out->value.den());
  out->exact = true;
  return end;
}

bool ReadBaseNotation(std::string_view text, Budget& budget, Literal* out) {
  constexpr size_t kMaxBytes = 256;
  if (text.size() > kMaxBytes) return false;
  // The dress taken off: digits and letters before the subscript, its content after it.
  std::string digits, base;
  bool subscript = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string& to = subscript ? base : digits;
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && IsAlpha(text[end])) ++end;
      const std::string_view name = text.substr(i + 1, end - i - 1);
      const bool spacing =
          name.empty() && end < text.size() && (text[end] == ',' || text[end] == ' ' || text[end] == '!');
      if (!spacing && name.substr(0, 4) != "text" && name != "mathrm" && name != "mathbf" && name != "left" &&
          name != "right" && name != "mbox") {
        return false;
      }
      i = spacing ? end : end - 1;
    } else if (c == '_' && !subscript && !digits.empty()) {
      subscript = true;
    } else if (IsDigit(c) || IsAlpha(c)) {
      to += IsLower(c) && !subscript ? static_cast<char>(c - 'a' + 'A') : c;
    } else if (!IsSpace(c) && c != '{' && c != '}' && c != '(' && c != ')' && c != '$' && c != '~') {
      return false;
    }
  }
  const size_t word = digits.find("BASE");
  if (!subscript && word != digits.npos && word > 0) {  // "204 base 5"
    base = digits.substr(word + 4);
    digits.resize(word);
  }
  if (LowerCase(base.substr(0, 4)) == "base") base.erase(0, 4);
  if (digits.empty() || base.empty()) return false;
  std::string plain = std::move(digits);
  plain.append("_{").append(base).append("}");
  return ReadBasedInteger(plain, budget, out) == plain.size();
}

}  // namespace drover::verifier
