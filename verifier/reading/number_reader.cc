#include "verifier/reading/number_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "verifier/chars.h"
#include "verifier/reading/based_numbers.h"

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

// The digits with their groups and their fraction.
struct Digits {
  std::string read;
  size_t decimals = 0;
  size_t end = 0;      // the position after them
  bool exact = false;  // a repetend follows at once
  bool grouped = false;
};

// True if a point before `at` is part of the number ("5.x"); one before a space, the end or a bracket ends a sentence.
bool KeepsPoint(std::string_view text, size_t at) {
  static constexpr CharSet kAfterStop("$}.\\)");
  return at < text.size() && !IsSpace(text[at]) && !kAfterStop.Has(text[at]);
}

Digits ReadDigits(std::string_view text, const NumberContext& context) {
  Digits out;
  out.end = ReadEuropean(text, context, &out.read, &out.decimals);
  if (out.end > 0) {
    out.exact = text[out.end - 1] == ',';
    return out;
  }
  const size_t leading = CountDigits(text, 0);
  out.read = std::string(text.substr(0, leading));
  out.end = ReadGroups(text, leading, context, &out.read, &out.grouped);
  if (out.end >= text.size() || text[out.end] != '.') return out;
  size_t repetend_end = 0;
  const size_t fraction = out.end + 1;
  out.decimals = CountDigits(text, fraction);
  if (out.decimals > 0 || Repetend(text, fraction, &repetend_end)) {
    out.read += text.substr(fraction, out.decimals);
    out.end = fraction + out.decimals;
    out.exact = out.decimals == 0;
  } else if (KeepsPoint(text, fraction)) {
    ++out.end;
  }
  return out;
}

// The length of an ellipsis at `at`; 0: there is none.
size_t Ellipsis(std::string_view text, size_t at) {
  if (StartsWith(text, at, "...")) return 3;
  const bool command =
      StartsWith(text, at, "\\ldots") || StartsWith(text, at, "\\dots") || StartsWith(text, at, "\\cdots");
  if (!command) return 0;
  size_t end = at + 1;
  while (end < text.size() && IsAlpha(text[end])) ++end;
  return end - at;
}

// "0.333..." is 1/3; without a repeating tail, the digits are the first of an unending decimal.
void Unending(const Digits& digits, Budget& budget, Literal* out) {
  const auto tail = RepeatedTail(std::string_view(digits.read).substr(digits.read.size() - digits.decimals));
  if (tail) {
    if (AddRepetend(*tail, digits.decimals, budget, &out->value)) out->exact = true;
    return;
  }
  out->decimals = static_cast<int>(digits.decimals);
  out->digits = SignificantDigits(digits.read);
  out->cut = true;
}

// A number that is not plain: groups, fractions, repetends, exponents. As ReadNumber.
size_t ReadDecorated(std::string_view text, const NumberContext& context, Budget& budget, Literal* out) {
  Digits digits = ReadDigits(text, context);
  out->exact = out->exact || digits.exact;
  out->grouped = digits.grouped;
  if (digits.read.empty()) digits.read += '0';
  if (!SetDecimal(digits.read, digits.decimals, budget, &out->value)) return 0;
  if (digits.decimals > 0 || out->exact) {
    size_t end = 0;
    if (const auto repetend = Repetend(text, digits.end, &end)) {
      if (!AddRepetend(*repetend, digits.decimals, budget, &out->value)) return 0;
      out->exact = true;
      return end;
    }
    if (const size_t length = Ellipsis(text, digits.end); length > 0) {
      Unending(digits, budget, out);
      return digits.end + length;
    }
    out->decimals = static_cast<int>(digits.decimals);
  }
  out->digits = SignificantDigits(digits.read);
  return ReadExponent(text, digits.end, budget, out);
}

// True if no reading of a number goes on at `at`, behind its digits: a letter that is no exponent ("2x"; capitals may be
// digits), a command that neither parts groups of digits nor sets words ("2\\pi"), a space before a letter or an operator.
bool EndsAtWord(std::string_view text, size_t at) {
  const char next = text[at], after = at + 1 < text.size() ? text[at + 1] : ' ';
  if (IsLower(next)) return next != 'e';
  if (next == '\\') return IsAlpha(after) && after != 't';
  static constexpr CharSet kOperators("+-*/=<>^|");
  return next == ' ' && (IsAlpha(after) || kOperators.Has(after));
}

// True if the `plain` digits that the text starts with are all of the number: an operator follows, or a comma that parts.
bool EndsPlainly(std::string_view text, size_t plain, const NumberContext& context) {
  if (plain == text.size()) return true;
  static constexpr CharSet kEnds("+-*/=^)]}&:;!|<>");
  if (text[plain] != ',') return kEnds.Has(text[plain]);
  return !context.european && (context.in_brackets || !IsGroup(text, plain + 1)) &&
         !StartsWith(text, plain, ",\\!");
}

}  // namespace

size_t ReadNumber(std::string_view text, const NumberContext& context, Budget& budget, Literal* out) {
  // Most numbers are a few digits before an operator.
  const size_t plain = CountDigits(text, 0);
  const bool short_number = plain > 0 && plain <= 18;
  const bool ends = short_number && EndsPlainly(text, plain, context);
  if (ends || (short_number && !context.exponent && EndsAtWord(text, plain))) {
    uint64_t value = 0;
    for (char c : text.substr(0, plain)) value = value * 10 + static_cast<uint64_t>(c - '0');
    fmpz_set_ui(out->value.num(), value);
    out->digits = static_cast<int>(plain);
    for (size_t i = 0; !ends && i < plain && text[i] == '0'; ++i) --out->digits;  // significant ones
    return budget.Spend(1) ? plain : 0;
  }
  if (context.exponent && plain > 0 && (plain == text.size() || text[plain] != '.')) {
    if (!SetDigits(std::string(text.substr(0, plain)), budget, out->value.num())) return 0;
    out->digits = static_cast<int>(plain);
    return plain;
  }
  const size_t based = ReadBasedInteger(text, budget, out);
  return based > 0 ? based : ReadDecorated(text, context, budget, out);
}

}  // namespace drover::verifier
