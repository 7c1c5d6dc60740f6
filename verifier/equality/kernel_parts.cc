// Real forms as products, for powers, logarithms and signs.
#include <algorithm>

#include "verifier/equality/form_builder.h"

namespace drover::verifier {

bool FormBuilder::AddFactors(const Factored& factored, int64_t power, Parts* out) {
  Rational number;
  if (factored.number.is_zero() || factored.number.bits() > 4096) return false;
  fmpq_pow_si(number.get(), factored.number.get(), power);
  fmpq_mul(out->number.get(), out->number.get(), number.get());
  Monomial turned;  // units that are not real
  std::vector<std::pair<Terms, int64_t>> unreal;
  for (Factor unit : factored.units) {
    unit.num = static_cast<int32_t>(unit.num * power);
    if (!kernels_->IsRealGenerator(unit.generator)) {
      turned.push_back(unit);
      continue;
    }
    out->units.push_back(unit);
  }
  for (const auto& [factor, exponent] : factored.factors) {
    (kernels_->IsReal(factor) ? out->factors : unreal).emplace_back(factor, exponent * power);
  }
  if (turned.empty() && unreal.empty()) return true;
  if (AddSquare(turned, unreal, power, out)) return true;
  // Their product as one factor.
  Terms joint = One();
  for (Factor unit : turned) {
    unit.num = static_cast<int32_t>(unit.num * power);
    if (!MultiplyTerms(joint, GeneratorTerms(unit.generator, unit.num, unit.den), budget_, &joint))
      return false;
  }
  for (const auto& [factor, exponent] : unreal) {
    Terms raised;
    if (!PowerTerms(factor, exponent * power, budget_, &raised) ||
        !MultiplyTerms(joint, raised, budget_, &joint))
      return false;
  }
  if (joint.empty() || !kernels_->IsReal(joint)) return false;
  return AddWhole(std::move(joint), power, out);
}

// `whole`^power as a factor whose first coefficient is 1.
bool FormBuilder::AddWhole(Terms whole, int64_t power, Parts* out) {
  Rational lead = whole[0].coefficient, inverse = lead;
  fmpq_inv(inverse.get(), inverse.get());
  (power < 0 ? fmpq_div : fmpq_mul)(out->number.get(), out->number.get(), lead.get());
  if (!MultiplyTerms(whole, ConstantTerms(inverse), budget_, &whole)) return false;
  if (!EqualTerms(whole, One())) out->factors.emplace_back(std::move(whole), power);
  return true;
}

// What is real only together as R^2, if it is one: exponentials have all roots, polynomials need even powers.
bool FormBuilder::AddSquare(const Monomial& units, const std::vector<std::pair<Terms, int64_t>>& factors,
                            int64_t power, Parts* out) {
  Terms root = One();
  for (Factor unit : units) {
    const bool exponential = GeneratorKind(unit.generator) == Generator::kKernel &&
                             (*kernels_)[GeneratorPayload(unit.generator)].kind == Kernel::Kind::kExponential;
    if (!exponential) return false;
    unit.num = static_cast<int32_t>(unit.num * power);  // as it was in the polynomial
    const Terms half = unit.num % 2 == 0 ? GeneratorTerms(unit.generator, unit.num / 2, unit.den)
                                         : GeneratorTerms(unit.generator, unit.num, unit.den * 2);
    if (!MultiplyTerms(root, half, budget_, &root)) return false;
  }
  for (const auto& [factor, exponent] : factors) {
    Terms raised;
    if (exponent % 2 != 0 || !PowerTerms(factor, exponent * power / 2, budget_, &raised) ||
        !MultiplyTerms(root, raised, budget_, &root))
      return false;
  }
  if (!kernels_->IsReal(root)) {
    if (!MultiplyTerms(root, GeneratorTerms(GeneratorKey(Generator::kI)), budget_, &root) ||
        !kernels_->IsReal(root))
      return false;
    fmpq_neg(out->number.get(), out->number.get());
  }
  out->factors.emplace_back(std::move(root), 2 * power);
  return true;
}

bool FormBuilder::SplitParts(const Form& form, Parts* out) {
  Factored top, bottom;
  if (!kernels_->IsReal(form) || form.top.empty()) return false;
  const bool split = kernels_->Factor(form.top, &top) && kernels_->Factor(form.bottom, &bottom);
  if (split && AddFactors(top, 1, out) && AddFactors(bottom, -1, out)) return true;
  // Both as they are, but for a number.
  *out = {};
  return AddWhole(form.top, 1, out) && AddWhole(form.bottom, -1, out);
}

// The sign of parts, squares having none to ask for.
std::optional<int> FormBuilder::PartsSign(const Parts& parts) {
  int sign = parts.number.sign();
  for (const Factor& unit : parts.units) {
    if (unit.den == 1 && unit.num % 2 == 0) continue;
    const auto known = kernels_->Sign(GeneratorTerms(unit.generator));
    if (!known) return std::nullopt;
    sign *= *known;
  }
  for (const auto& [factor, power] : parts.factors) {
    if (power % 2 == 0) continue;
    const auto known = kernels_->Sign(factor);
    if (!known) return std::nullopt;
    sign *= *known;
  }
  return sign;
}

std::optional<int> FormBuilder::SignOf(const Form& form) {
  Parts parts;
  if (form.top.empty()) return 0;
  return SplitParts(form, &parts) ? PartsSign(parts) : std::nullopt;
}

}  // namespace drover::verifier
