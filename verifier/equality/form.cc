#include "verifier/equality/form.h"

#include <string>

namespace drover::verifier {
namespace {

void PrintFactor(const Factor& f, const Names& names, std::string* out) {
  static constexpr const char* kNames[] = {"i", "", "pi", "e", "ln", "", "kernel", ""};
  const Generator kind = GeneratorKind(f.generator);
  const uint64_t payload = GeneratorPayload(f.generator);
  *out += kNames[static_cast<int>(kind)];
  if (kind == Generator::kPrime || kind == Generator::kLog) *out += std::to_string(payload);
  if (kind == Generator::kSymbol) *out += names[static_cast<uint32_t>(payload)];
  if (f.num == 1 && f.den == 1) return;
  if (f.den == 1 && f.num > 0) {
    *out += '^' + std::to_string(f.num);
    return;
  }
  *out += "^(" + std::to_string(f.num);
  if (f.den != 1) *out += '/' + std::to_string(f.den);
  *out += ')';
}

// "x^2 - 3*2^(1/2)": signs between terms, no coefficient 1.
void Print(const Terms& terms, const Names& names, std::string* out) {
  if (terms.empty()) *out += '0';
  for (size_t i = 0; i < terms.size() && out->size() < 2000; ++i) {
    Rational coefficient = terms[i].coefficient;
    if (coefficient.sign() < 0) {
      *out += i == 0 ? "-" : " - ";
      fmpq_neg(coefficient.get(), coefficient.get());
    } else if (i > 0) {
      *out += " + ";
    }
    bool first = coefficient.is_one() && !terms[i].monomial.empty();
    if (!first) *out += coefficient.ToString();
    for (const Factor& f : terms[i].monomial) {
      if (!first) *out += '*';
      first = false;
      PrintFactor(f, names, out);
    }
  }
}

}  // namespace

FormVerdict CompareForms(const Form& a, const Form& b, Budget& budget) {
  bool equal = false;
  if (EqualTerms(a.bottom, b.bottom)) {
    equal = EqualTerms(a.top, b.top);
  } else {
    Terms left, right;
    if (!MultiplyTerms(a.top, b.bottom, budget, &left) || !MultiplyTerms(b.top, a.bottom, budget, &right)) {
      return FormVerdict::kUnknown;
    }
    equal = EqualTerms(left, right);
  }
  if (equal) return FormVerdict::kEqual;
  Form both = a;
  both.has_pi = a.has_pi || b.has_pi;
  both.has_e = a.has_e || b.has_e;
  both.has_log = a.has_log || b.has_log;
  return both.decides() ? FormVerdict::kDifferent : FormVerdict::kUnknown;
}

std::string ToString(const Form& form, const Names& names) {
  std::string out;
  Print(form.top, names, &out);
  if (EqualTerms(form.bottom, One())) return out;
  out += " / (";
  Print(form.bottom, names, &out);
  return out + ')';
}

}  // namespace drover::verifier
