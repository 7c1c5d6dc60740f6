#include "verifier/equality/kernels.h"

#include <algorithm>
#include <cstdlib>

namespace drover::verifier {
namespace {

int64_t FloorDivide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

}  // namespace

Kernels::Kernels(Domain domain, Budget& budget) : domain_(std::move(domain)), budget_(budget) {
  table_.push_back({.kind = Kernel::Kind::kUnity, .constant = true, .algebraic = true});
}

bool Kernels::SameKernel(const Kernel& a, const Kernel& b) const {
  if (a.kind != b.kind || a.sign != b.sign || a.order != b.order || a.name != b.name ||
      a.arguments.size() != b.arguments.size())
    return false;
  for (size_t i = 0; i < a.arguments.size(); ++i) {
    if (!AreEqual(a.arguments[i], b.arguments[i])) return false;
  }
  return true;
}

std::optional<uint64_t> Kernels::Add(Kernel kernel) {
  for (size_t i = 1; i < table_.size(); ++i) {
    if (SameKernel(table_[i], kernel)) return GeneratorKey(Generator::kKernel, i);
  }
  if (table_.size() >= kMaxKernels) return std::nullopt;
  kernel.constant = true;
  for (const Form& argument : kernel.arguments) kernel.constant = kernel.constant && IsConstant(argument);
  table_.push_back(std::move(kernel));
  return GeneratorKey(Generator::kKernel, table_.size() - 1);
}

bool Kernels::IsInteger(uint32_t symbol) const {
  return std::find(domain_.integers.begin(), domain_.integers.end(), symbol) != domain_.integers.end();
}

bool Kernels::IsConstant(const Terms& terms) const {
  for (const Term& term : terms) {
    for (const auto& factor : term.monomial) {
      const Generator kind = GeneratorKind(factor.generator);
      if (kind == Generator::kSymbol || kind == Generator::kConjugate) return false;
      if (kind == Generator::kKernel && !table_[GeneratorPayload(factor.generator)].constant) return false;
    }
  }
  return true;
}

bool Kernels::IsReal(const Terms& terms) const {
  Terms conjugate, ordered;  // whole powers of primes may stand as written
  return Conjugate(terms, &conjugate) &&
         MultiplyTerms(terms, ConstantTerms(Rational(1)), budget_, &ordered) &&
         EqualTerms(ordered, conjugate);
}

bool Kernels::IsRealGenerator(uint64_t generator) const {
  switch (GeneratorKind(generator)) {
    case Generator::kI:
      return false;
    case Generator::kSymbol:
      return !domain_.complex_symbols || IsInteger(static_cast<uint32_t>(GeneratorPayload(generator)));
    case Generator::kConjugate:
      return false;
    case Generator::kKernel:
      return table_[GeneratorPayload(generator)].real;
    default:
      return true;
  }
}

bool Kernels::IsIntegral(const Terms& terms) const {
  for (const Term& term : terms) {
    if (!term.coefficient.is_integer()) return false;
    for (const auto& factor : term.monomial) {
      if (GeneratorKind(factor.generator) != Generator::kSymbol || factor.den != 1 || factor.num < 0)
        return false;
      if (!IsInteger(static_cast<uint32_t>(GeneratorPayload(factor.generator)))) return false;
    }
  }
  return true;
}

bool Kernels::Conjugate(const Terms& terms, Terms* out) const {
  Terms sum;
  for (const Term& term : terms) {
    Terms product = ConstantTerms(term.coefficient);
    for (const auto& factor : term.monomial) {
      uint64_t generator = factor.generator;
      int32_t num = factor.num;
      switch (GeneratorKind(factor.generator)) {
        case Generator::kI:
          NegateTerms(&product);
          break;
        case Generator::kSymbol:
        case Generator::kConjugate: {
          const uint64_t payload = GeneratorPayload(generator);
          const bool real = !domain_.complex_symbols || IsInteger(static_cast<uint32_t>(payload));
          const bool symbol = GeneratorKind(generator) == Generator::kSymbol;
          if (!real) generator = GeneratorKey(symbol ? Generator::kConjugate : Generator::kSymbol, payload);
          break;
        }
        case Generator::kKernel: {
          const Kernel& kernel = table_[GeneratorPayload(generator)];
          if (kernel.real) break;
          if (kernel.kind != Kernel::Kind::kUnity && kernel.kind != Kernel::Kind::kExponential) return false;
          // An imaginary exponent: the conjugate is the inverse.
          if (kernel.kind == Kernel::Kind::kExponential) {
            const Terms& exponent = kernel.arguments[0].top;
            Terms conjugate;
            if (!IsReal(kernel.arguments[0].bottom) || !Conjugate(exponent, &conjugate)) return false;
            NegateTerms(&conjugate);
            if (!EqualTerms(conjugate, exponent)) return false;
          }
          num = -num;
          break;
        }
        default:
          break;
      }
      if (!MultiplyTerms(product, GeneratorTerms(generator, num, factor.den), budget_, &product))
        return false;
    }
    if (!AddTerms(sum, product, budget_, &sum)) return false;
  }
  *out = std::move(sum);
  return true;
}

bool Kernels::Reduce(Terms* terms) const {
  constexpr int kMaxRounds = 16;
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = false;
    Terms sum;
    for (Term& term : *terms) {
      Terms product(1);
      product[0].coefficient = term.coefficient;
      std::vector<std::pair<const Kernel*, int64_t>> whole;
      for (struct Factor factor : term.monomial) {
        const bool known = GeneratorKind(factor.generator) == Generator::kKernel;
        const Kernel* kernel = known ? &table_[GeneratorPayload(factor.generator)] : nullptr;
        if (kernel != nullptr && kernel->parity && factor.den == 1) {
          changed = changed || factor.num < 0 || factor.num > 1;
          factor.num = std::abs(factor.num) % 2;
        } else if (kernel != nullptr && kernel->kind == Kernel::Kind::kPower && factor.num >= factor.den) {
          whole.emplace_back(kernel, factor.num / factor.den);
          factor.num %= factor.den;
        } else if (kernel != nullptr && kernel->kind == Kernel::Kind::kRoot && factor.num >= kernel->order) {
          whole.emplace_back(kernel, factor.num / kernel->order);
          factor.num %= kernel->order;
        }
        if (factor.num != 0) product[0].monomial.push_back(factor);
      }
      for (const auto& [kernel, power] : whole) {
        Terms expanded;
        if (!PowerTerms(kernel->arguments[0].top, power, budget_, &expanded)) return false;
        if (kernel->sign < 0 && power % 2 != 0) NegateTerms(&expanded);
        if (!MultiplyTerms(product, expanded, budget_, &product)) return false;
      }
      changed = changed || !whole.empty();
      if (!AddTerms(sum, product, budget_, &sum)) return false;
    }
    *terms = std::move(sum);
    if (!changed) return true;
  }
  return false;
}

bool Kernels::ClearRoots(Terms* terms, Terms* other) const {
  std::vector<std::pair<uint64_t, int64_t>> lowest;
  for (const Term& term : *terms) {
    for (const auto& factor : term.monomial) {
      if (GeneratorKind(factor.generator) != Generator::kKernel || factor.num >= 0) continue;
      const Kernel& kernel = table_[GeneratorPayload(factor.generator)];
      int64_t power = 0;
      if (kernel.kind == Kernel::Kind::kPower) power = -FloorDivide(factor.num, factor.den);
      if (kernel.kind == Kernel::Kind::kRoot) power = -FloorDivide(factor.num, kernel.order) * kernel.order;
      if (power == 0) continue;
      const auto at = std::find_if(lowest.begin(), lowest.end(),
                                   [&factor](const auto& entry) { return entry.first == factor.generator; });
      if (at == lowest.end()) {
        lowest.emplace_back(factor.generator, power);
      } else {
        at->second = std::max(at->second, power);
      }
    }
  }
  for (const auto& [generator, power] : lowest) {
    if (power > 64) return false;
    const Terms raise = GeneratorTerms(generator, static_cast<int32_t>(power));
    if (!MultiplyTerms(*terms, raise, budget_, terms)) return false;
    if (other != nullptr && !MultiplyTerms(*other, raise, budget_, other)) return false;
  }
  return true;
}

bool Kernels::Canonical(Form* form) const {
  return ClearRoots(&form->top, &form->bottom) && ClearRoots(&form->bottom, &form->top) &&
         Reduce(&form->top) && Reduce(&form->bottom) && Cancel(form);
}

}  // namespace drover::verifier
