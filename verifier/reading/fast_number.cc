#include "verifier/reading/fast_number.h"

#include <string>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

// A sum of a million ones is read here; one whose denominators grow without end is not.
constexpr int64_t kMaxWork = 300'000;

class Reader {
 public:
  Reader(std::string_view text, int64_t max_bits) : text_(text), max_digits_(max_bits * 3 / 10) {}

  bool over() const { return over_; }

  std::optional<FastNumber> Sum() {
    FastNumber out;
    Rational term;
    SkipSpace();
    bool negative = Accept('-');
    if (!Term(&term, &out)) return std::nullopt;
    if (negative) fmpq_neg(term.get(), term.get());
    out.value = std::move(term);
    while (true) {
      SkipSpace();
      if (at_ == text_.size()) break;
      negative = text_[at_] == '-';
      if (!negative && text_[at_] != '+') return std::nullopt;
      ++at_;
      SkipSpace();
      if (!Term(&term, &out)) return std::nullopt;
      out.decimals = -1;
      Add(&out.value, term, negative);
      // Adding takes a greatest common divisor, so its cost grows with the square of the size.
      const int64_t words = out.value.is_integer() ? 0 : out.value.bits() / 64;
      work_ += words + words * words / 16;
      if (work_ > kMaxWork) {
        over_ = true;
        return std::nullopt;
      }
    }
    return out;
  }

 private:
  static void Add(Rational* sum, const Rational& term, bool negative) {
    if (sum->is_integer() && term.is_integer()) {
      negative ? fmpz_sub(sum->num(), sum->num(), term.num()) : fmpz_add(sum->num(), sum->num(), term.num());
    } else {
      negative ? fmpq_sub(sum->get(), sum->get(), term.get()) : fmpq_add(sum->get(), sum->get(), term.get());
    }
  }

  bool Term(Rational* out, FastNumber* info) {
    SkipSpace();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '\\') return Fraction(out);
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    const std::string_view whole = text_.substr(begin, at_ - begin);
    if (at_ < text_.size() && text_[at_] == '.') return Decimal(whole, out, info);
    if (whole.empty() || !Integer(whole, out->num())) return false;
    fmpz_one(out->den());
    size_t next = at_;
    while (next < text_.size() && text_[next] == ' ') ++next;
    if (next < text_.size() && text_[next] == '/') {
      at_ = next + 1;
      SkipSpace();
      return Digits(out->den()) && !fmpz_is_zero(out->den()) && !ChainAhead() && Canonical(out);
    }
    return !ChainAhead();
  }

  // "1/2/3" and "1/2x" belong to the reader.
  bool ChainAhead() const { return at_ < text_.size() && (IsAlpha(text_[at_]) || text_[at_] == '/'); }

  bool Decimal(std::string_view whole, Rational* out, FastNumber* info) {
    ++at_;
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    const std::string_view fraction = text_.substr(begin, at_ - begin);
    if (fraction.empty()) {  // "5." ends a sentence; "5. 6" is not a number
      if (whole.empty() || at_ != text_.size() || !Integer(whole, out->num())) return false;
      fmpz_one(out->den());
      return true;
    }
    std::string digits(whole);
    digits += fraction;
    if (!Integer(digits, out->num())) return false;
    fmpz_set_ui(out->den(), 10);
    fmpz_pow_ui(out->den(), out->den(), fraction.size());
    info->decimals = static_cast<int>(fraction.size());
    const size_t lead = digits.find_first_not_of('0');
    info->digits = lead == digits.npos ? 0 : static_cast<int>(digits.size() - lead);
    if (at_ + 1 == text_.size() && text_[at_] == '.') ++at_;
    return Canonical(out) && !ChainAhead();
  }

  bool Fraction(Rational* out) {
    std::string_view rest = text_.substr(at_ + 1);
    if (!rest.empty() && (rest[0] == 'd' || rest[0] == 't')) rest.remove_prefix(1);
    if (rest.substr(0, 5) != "frac{") return false;
    at_ = text_.size() - rest.size() + 5;
    SkipSpace();
    const bool negative = Accept('-');
    if (!Digits(out->num())) return false;
    if (negative) fmpz_neg(out->num(), out->num());
    SkipSpace();
    if (!Accept('}')) return false;
    SkipSpace();
    if (!Accept('{')) return false;
    SkipSpace();
    if (!Digits(out->den()) || fmpz_is_zero(out->den())) return false;
    SkipSpace();
    return Accept('}') && Canonical(out);
  }

  static bool Canonical(Rational* out) {
    fmpq_canonicalise(out->get());
    return true;
  }

  bool Digits(fmpz* out) {
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > begin && Integer(text_.substr(begin, at_ - begin), out);
  }

  bool Integer(std::string_view digits, fmpz* out) const {
    if (digits.size() <= 18) {
      uint64_t value = 0;
      for (char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
      fmpz_set_ui(out, value);
      return true;
    }
    if (static_cast<int64_t>(digits.size()) > max_digits_) return false;
    return fmpz_set_str(out, std::string(digits).c_str(), 10) == 0;
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  bool Accept(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  const std::string_view text_;
  const int64_t max_digits_;
  int64_t work_ = 0;  // of the additions so far
  bool over_ = false;
  size_t at_ = 0;
};

}  // namespace

namespace {

// One pair of brackets, braces or dollar signs around all of the text, with none inside.
std::string_view WithoutWrapper(std::string_view text) {
  const std::string_view inner = TrimSpace(text);
  if (inner.size() < 3) return text;
  const char open = inner.front(), close = inner.back();
  const bool pair =
      (open == '(' && close == ')') || (open == '{' && close == '}') || (open == '$' && close == '$');
  if (!pair) return text;
  const std::string_view content = inner.substr(1, inner.size() - 2);
  return content.find_first_of("(){}$") == content.npos ? content : text;
}

}  // namespace

std::optional<FastNumber> ReadFastNumber(std::string_view text, int64_t max_bits, bool* over) {
  Reader reader(WithoutWrapper(text), max_bits);
  auto out = reader.Sum();
  *over = reader.over();
  return out;
}

}  // namespace drover::verifier
