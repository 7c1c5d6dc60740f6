#include "verifier/reading/number_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

size_t CountDigits(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end - at;
}

// True if the text goes on with `what`, which is not empty, at `at`.
bool StartsWith(std::string_view text, size_t at, std::string_view what) {
  return at < text.size() && text[at] == what[0] && text.substr(at, what.size()) == what;
}

// What may stand between two groups of three digits; commas also make lists, so they are told apart. A number keeps to
// one of them, but for "1,234,\\!567".
struct Separator {
  std::string_view text;
  bool comma;
};
constexpr Separator kSeparators[] = {
    {"{,}", false}, {",\\!", false},  {"\\!,", false},        {"\\,", false},       {"\\;", false},
    {"\\:", false}, {"{\\,}", false}, {"{ }", false},         {"\\text{,}", false}, {"\\ ", false},
    {"~", false},   {" ", false},     {"\\thinspace", false}, {"'", false},         {",", true}};

// The length of "{,}" at `at`, with white space within the braces and around them ("14 {, }916"); 0: it is not there.
size_t BracedComma(std::string_view text, size_t at) {
  const size_t begin = at;
  for (const char c : {'{', ',', '}'}) {
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || text[at] != c) return 0;
    ++at;
  }
  while (at < text.size() && text[at] == ' ') ++at;
  return at - begin;
}

// Exactly three digits at `at`.
bool IsGroup(std::string_view text, size_t at) { return CountDigits(text, at) == 3; }

// Appends the groups that follow the leading digits; returns the position after them.
size_t ReadGroups(std::string_view text, size_t at, const NumberContext& context, std::string* digits,
                  bool* grouped) {
  if (digits->size() > 3 || digits->empty()) return at;
  for (const Separator& separator : kSeparators) {
    if (separator.comma && (context.in_brackets || context.european || (*digits)[0] == '0')) continue;
    size_t end = at;
    std::string read;
    while (true) {
      std::string_view between = separator.text;
      if (between == "," && StartsWith(text, end, ",\\!")) between = ",\\!";
      if (between == ",\\!" && !context.in_brackets && end != at && !StartsWith(text, end, between))
        between = ",";
      const size_t braced = separator.text == "{,}" ? BracedComma(text, end) : 0;
      if (braced == 0 && !StartsWith(text, end, between)) break;
      size_t group = end + (braced > 0 ? braced : between.size());
      while (separator.text.size() > 1 && group < text.size() && text[group] == ' ') ++group;
      if (!IsGroup(text, group)) break;
      read += text.substr(group, 3);
      end = group + 3;
    }
    // "1,234,56", "227,389,-56": not groups of three throughout, so a list.
    const bool list =
        separator.comma && StartsWith(text, end, ",") && end + 1 < text.size() && !IsSpace(text[end + 1]);
    if (read.empty() || list) continue;
    *digits += read;
    *grouped = separator.comma;
    return end;
  }
  return at;
}

// The digits of "\overline{36}", "\bar3", "\dot{3}", "\dot12\dot3" or "(36)" at `at`; `end` gets the position after them.
std::optional<std::string> Repetend(std::string_view text, size_t at, size_t* end) {
  static constexpr std::array<std::string_view, 4> kOpen = {"\\overline", "\\bar", "\\dot", "("};
  for (const std::string_view open : kOpen) {
    if (!StartsWith(text, at, open)) continue;
    size_t begin = at + open.size();
    while (begin < text.size() && text[begin] == ' ') ++begin;
    const bool braces = begin < text.size() && text[begin] == '{';
    if (braces) ++begin;
    const bool whole = braces || open == "(";
    const size_t count = whole ? CountDigits(text, begin) : std::min<size_t>(1, CountDigits(text, begin));
    if (count == 0) return std::nullopt;
    std::string digits(text.substr(begin, count));
    *end = begin + count;
    if (whole) {
      if (*end >= text.size() || text[*end] != (braces ? '}' : ')')) return std::nullopt;
      ++*end;
    }
    if (open != "\\dot") return digits;
    // Dots over the first and the last digit.
    const size_t between = CountDigits(text, *end);
    size_t last_end = 0;
    if (!StartsWith(text, *end + between, "\\dot")) return digits;
    const auto last = Repetend(text, *end + between, &last_end);
    if (!last) return digits;
    digits += text.substr(*end, between);
    *end = last_end;
    return digits + *last;
  }
  return std::nullopt;
}

// "1.234.567,89": dots between groups and one decimal comma. Sets digits and decimals; 0 if it is not one.
size_t ReadEuropean(std::string_view text, const NumberContext& context, std::string* digits,
                    size_t* decimals) {
  size_t at = CountDigits(text, 0);
  std::string read(text.substr(0, at));
  bool groups = false;
  while (at <= text.size() && read.size() >= 1 && StartsWith(text, at, ".") && IsGroup(text, at + 1)) {
    if (!groups && read.size() > 3) break;
    read += text.substr(at + 1, 3);
    at += 4;
    groups = true;
  }
  const bool comma = StartsWith(text, at, ",") || StartsWith(text, at, "{,}");
  const size_t skip = StartsWith(text, at, "{,}") ? 3 : 1;
  const size_t fraction = comma ? CountDigits(text, at + skip) : 0;
  size_t end = 0;
  if (comma && fraction == 0 && context.european && Repetend(text, at + skip, &end)) {  // "0,\overline{3}"
    *digits = read;
    return at + skip;
  }
  if (fraction == 0 && !(groups && context.european)) return 0;
  const bool braced = skip == 3 && (fraction != 3 || read == "0");  // "1{,}5" is no group of three
  if (!context.european && !braced && (!groups || context.in_brackets)) return 0;
  if (comma) read += text.substr(at + skip, fraction);
  *digits = read;
  *decimals = fraction;
  return fraction == 0 ? at : at + skip + fraction;
}

// The repeating tail of "0.333..." or "0.142857142857...": the shortest block that fills at least half of the digits, and
// at least twice (three times when it is a single digit).
std::optional<std::string_view> RepeatedTail(std::string_view fraction) {
  for (size_t block = 1; block * 2 <= fraction.size() && block <= 30; ++block) {
    const std::string_view tail = fraction.substr(fraction.size() - block);
    size_t times = 1;
    while ((times + 1) * block <= fraction.size() &&
           fraction.substr(fraction.size() - (times + 1) * block, block) == tail) {
      ++times;
    }
    if (times * block * 2 >= fraction.size() && times >= (block == 1 ? 3u : 2u)) return tail;
  }
  return std::nullopt;
}

int SignificantDigits(const std::string& digits) {
  const size_t lead = digits.find_first_not_of('0');
  return lead == digits.npos ? 0 : static_cast<int>(digits.size() - lead);
}

bool SetDigits(const std::string& digits, Budget& budget, fmpz* out) {
  const int64_t bits = static_cast<int64_t>(digits.size()) * 10 / 3;
  if (bits > budget.limits().bits || !budget.SpendBits(bits)) return budget.Exceed();
  return fmpz_set_str(out, digits.c_str(), 10) == 0;
}

// value = digits / 10^decimals.
bool SetDecimal(const std::string& digits, size_t decimals, Budget& budget, Rational* out) {
  if (!SetDigits(digits, budget, out->num())) return false;
  fmpz_set_ui(out->den(), 10);
  fmpz_pow_ui(out->den(), out->den(), decimals);
  fmpq_canonicalise(out->get());
  return true;
}

// Adds 0.000[repetend repeating], shifted by `decimals`, to the value: repetend / (10^decimals (10^length - 1)).
bool AddRepetend(std::string_view repetend, size_t decimals, Budget& budget, Rational* value) {
  Rational part;
  if (!SetDigits(std::string(repetend), budget, part.num())) return false;
  Rational nines(10), shift(10);
  fmpz_pow_ui(nines.num(), nines.num(), repetend.size());
  fmpz_sub_ui(nines.num(), nines.num(), 1);
  fmpz_pow_ui(shift.num(), shift.num(), decimals);
  fmpz_mul(part.den(), nines.num(), shift.num());
  fmpq_canonicalise(part.get());
  fmpq_add(value->get(), value->get(), part.get());
  return true;
}

// "e33", "E-5" at `at`, not followed by a letter or point; multiplies. Returns the position after it.
size_t ReadExponent(std::string_view text, size_t at, Budget& budget, Literal* out) {
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  size_t digits_at = at + 1;
  const bool sign = digits_at < text.size() && (text[digits_at] == '-' || text[digits_at] == '+');
  const bool negative = sign && text[digits_at] == '-';
  if (sign) ++digits_at;
  const size_t count = CountDigits(text, digits_at);
  const size_t end = digits_at + count;
  if (count == 0 || (end < text.size() && IsAlpha(text[end]))) return at;
  if (sign && text[at] == 'e' && out->decimals < 0 && count == 1 && out->digits > 1)
    return at;  // "12e-3": 12e - 3
  int64_t exponent = 0;
  for (size_t i = digits_at; i < end && exponent < 1'000'000; ++i) exponent = exponent * 10 + (text[i] - '0');
  if (exponent * 10 / 3 > budget.limits().bits) {
    budget.Exceed();
    return at;
  }
  Rational power(10);
  fmpz_pow_ui(power.num(), power.num(), static_cast<ulong>(exponent));
  (negative ? fmpq_div : fmpq_mul)(out->value.get(), out->value.get(), power.get());
  out->scientific = true;
  return end;
}

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
  if (!inside.empty() && inside.size() <= 2 && CountDigits(inside, 0) == inside.size()) {
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
  while (after < text.size() && (text[after] == ' ' || StartsWith(text, after, "\\,"))) {
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

size_t ReadNumber(std::string_view text, const NumberContext& context, Budget& budget, Literal* out) {
  // Most numbers are a few digits before an operator.
  const size_t plain = CountDigits(text, 0);
  const char next = plain < text.size() ? text[plain] : '+';
  const bool comma = next == ',' && !context.european && (context.in_brackets || !IsGroup(text, plain + 1)) &&
                     !StartsWith(text, plain, ",\\!");
  static constexpr std::string_view kEnds = "+-*/=^)]}&:;!|<>";
  if (plain > 0 && plain <= 18 && (comma || kEnds.find(next) != kEnds.npos)) {
    uint64_t value = 0;
    for (char c : text.substr(0, plain)) value = value * 10 + static_cast<uint64_t>(c - '0');
    fmpz_set_ui(out->value.num(), value);
    out->digits = static_cast<int>(plain);
    return budget.Spend(1) ? plain : 0;
  }
  if (context.exponent && plain > 0 && next != '.') {
    if (!SetDigits(std::string(text.substr(0, plain)), budget, out->value.num())) return 0;
    out->digits = static_cast<int>(plain);
    return plain;
  }
  if (const size_t based = ReadBasedInteger(text, budget, out); based > 0) return based;
  std::string digits;
  size_t decimals = 0;
  size_t at = ReadEuropean(text, context, &digits, &decimals);
  if (at > 0 && text[at - 1] == ',') out->exact = true;  // a repetend follows
  if (at == 0) {
    at = CountDigits(text, 0);
    digits = std::string(text.substr(0, at));
    at = ReadGroups(text, at, context, &digits, &out->grouped);
    if (at < text.size() && text[at] == '.') {
      size_t end = 0;
      decimals = CountDigits(text, at + 1);
      if (decimals > 0 || Repetend(text, at + 1, &end)) {
        digits += text.substr(at + 1, decimals);
        at += 1 + decimals;
        if (decimals == 0) out->exact = true;
      } else if (at + 1 < text.size() && !IsSpace(text[at + 1]) && text[at + 1] != '$' &&
                 text[at + 1] != '}' && text[at + 1] != '.' && text[at + 1] != '\\' && text[at + 1] != ')') {
        ++at;  // "5.x"; a stop before a space or the end belongs to the sentence
      }
    }
  }
  if (digits.empty()) digits += '0';
  if (!SetDecimal(digits, decimals, budget, &out->value)) return 0;
  size_t end = 0;
  if (decimals > 0 || out->exact) {
    if (auto repetend = Repetend(text, at, &end)) {
      if (!AddRepetend(*repetend, decimals, budget, &out->value)) return 0;
      out->exact = true;
      return end;
    }
    const bool dots = StartsWith(text, at, "...") || StartsWith(text, at, "\\ldots") ||
                      StartsWith(text, at, "\\dots") || StartsWith(text, at, "\\cdots");
    if (dots) {
      const auto tail = RepeatedTail(std::string_view(digits).substr(digits.size() - decimals));
      if (tail && AddRepetend(*tail, decimals, budget, &out->value)) {
        out->exact = true;
      }
      if (!tail) {  // the first digits of an unending decimal
        out->decimals = static_cast<int>(decimals);
        out->digits = SignificantDigits(digits);
        out->cut = true;
      }
      if (text[at] == '.') return at + 3;
      ++at;
      while (at < text.size() && IsAlpha(text[at])) ++at;
      return at;
    }
    out->decimals = static_cast<int>(decimals);
  }
  out->digits = SignificantDigits(digits);
  return ReadExponent(text, at, budget, out);
}

}  // namespace drover::verifier
