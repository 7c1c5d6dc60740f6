#include "verifier/mutation/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numbers>
#include <string>

namespace drover::verifier::mutation {
namespace {

using Real = long double;
constexpr Real kNone = std::numeric_limits<Real>::quiet_NaN();
constexpr Real kPi = std::numbers::pi_v<Real>;
constexpr int kPositivePoints = 8;  // at the first of them all symbols are positive
constexpr Real kBlur = 1e-8L;

bool IsReal(const Value& v) { return std::abs(v.imag()) <= 1e-15L * (1 + std::abs(v.real())); }
bool IsFinite(const Value& v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); }

uint64_t Hash(const std::string& text, int salt) {
  uint64_t h = 1469598103934665603ull + static_cast<uint64_t>(salt) * 0x9E3779B97F4A7C15ull;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  h ^= h >> 31;
  h *= 0xBF58476D1CE4E5B9ull;
  return h ^ h >> 29;
}

Value SymbolValue(const std::string& name, const Point& point) {
  const uint64_t h = Hash(name, point.index);
  if (point.integers) return static_cast<Real>(2 + h % 29);
  const Real unit = static_cast<Real>(h >> 11) / static_cast<Real>(1ull << 53);
  constexpr Real kMagnitudes[] = {1, 2, 3, 0.05L, 12, 60, 400, 3000};
  const Real size = kMagnitudes[point.index % std::size(kMagnitudes)] * (0.2L + unit);
  return point.index >= kPositivePoints && h % 2 == 1 ? -size : size;
}

// An unknown function of an argument: a cubic with coefficients of its own.
Value Unknown(const std::string& name, const Value& x) {
  const auto coefficient = [&](int i) { return static_cast<Real>(Hash(name, 1000 + i) % 1000 + 3) / 97.0L; };
  return coefficient(0) + x * (coefficient(1) + x * (coefficient(2) + x * coefficient(3)));
}

Value Pow(const Value& base, const Value& exponent) {
  if (IsReal(exponent) && exponent.real() == std::nearbyint(exponent.real()) &&
      std::abs(exponent.real()) < 5000) {
    Value out = 1, square = exponent.real() < 0 ? Value(1) / base : base;
    for (auto n = static_cast<int64_t>(std::abs(exponent.real())); n > 0; n /= 2, square *= square) {
      if (n % 2 == 1) out *= square;
    }
    return out;
  }
  if (IsReal(base) && base.real() <= 0 && base != Value(-1)) return kNone;
  return std::pow(base, exponent);
}

Value Gamma1(const Value& v) {
  const Real x = v.real();
  return IsReal(v) && x > -0.5L && std::abs(x - std::nearbyint(x)) < 1e-9L ? Value(std::tgamma(x + 1))
                                                                           : Value(kNone);
}

Value Call(const Node& node, const std::vector<Value>& x) {
  static const std::map<std::string, Value (*)(const Value&)> kFunctions = {
      {"\\sin", [](const Value& v) { return std::sin(v); }},
      {"\\cos", [](const Value& v) { return std::cos(v); }},
      {"\\tan", [](const Value& v) { return std::tan(v); }},
      {"\\cot", [](const Value& v) { return Value(1) / std::tan(v); }},
      {"\\sec", [](const Value& v) { return Value(1) / std::cos(v); }},
      {"\\csc", [](const Value& v) { return Value(1) / std::sin(v); }},
      {"\\arcsin", [](const Value& v) { return std::abs(v) <= 1 ? std::asin(v) : Value(kNone); }},
      {"\\arccos", [](const Value& v) { return std::abs(v) <= 1 ? std::acos(v) : Value(kNone); }},
      {"\\arctan", [](const Value& v) { return std::atan(v); }},
      {"\\ln", [](const Value& v) { return v == Value(0) ? Value(kNone) : std::log(v); }},
      {"\\exp", [](const Value& v) { return std::exp(v); }},
  };
  if (node.text == "\\log" && x.size() == 2) return std::log(x[0]) / std::log(x[1]);
  if (node.text == "\\operatorname{sgn}") {
    return IsReal(x[0]) ? Value(x[0].real() > 0 ? 1 : x[0].real() < 0 ? -1 : 0) : Value(kNone);
  }
  const auto found = kFunctions.find(node.text);
  return found == kFunctions.end() ? Value(kNone) : found->second(x[0]);
}

// Of real numbers alone; near a jump there is no value.
Value Step(const Value& v, bool up) {
  const Real x = v.real(), near = std::nearbyint(x);
  if (!IsReal(v)) return kNone;
  if (x != near && std::abs(x - near) < 1e-9L) return kNone;
  return up ? std::ceil(x) : std::floor(x);
}

Value Extreme(const Value& a, const Value& b, bool greatest) {
  if (!IsReal(a) || !IsReal(b)) return kNone;
  return greatest ? std::max(a.real(), b.real()) : std::min(a.real(), b.real());
}

Value NthRoot(const Node& node, const Value& v) {
  if (node.text == "2") return std::sqrt(v);
  if (!IsReal(v)) return kNone;
  return std::cbrt(v.real());
}

Value Constant(const std::string& text) {
  if (text == "\\pi") return kPi;
  if (text == "e") return std::numbers::e_v<Real>;
  return {0, 1};
}

}  // namespace

Value Evaluate(const Expr& expr, const Point& point) {
  std::vector<Value> x;
  for (const Expr& arg : expr->args) {
    x.push_back(Evaluate(arg, point));
    if (!IsFinite(x.back())) return kNone;
  }
  Value out = kNone;
  switch (expr->op) {
    case Op::kNumber:
      return std::stold(expr->text);
    case Op::kSymbol:
      return SymbolValue(expr->text, point);
    case Op::kConstant:
      return Constant(expr->text);
    case Op::kSum:
      out = 0;
      for (const Value& v : x) out += v;
      return out;
    case Op::kProduct:
      out = 1;
      for (const Value& v : x) out *= v;
      return out;
    case Op::kQuotient:
      return std::abs(x[1]) < 1e-12L ? Value(kNone) : x[0] / x[1];
    case Op::kPower:
      return Pow(x[0], x[1]);
    case Op::kRoot:
      return NthRoot(*expr, x[0]);
    case Op::kNegative:
      return -x[0];
    case Op::kFunction:
      return Call(*expr, x);
    case Op::kAbsolute:
      return std::abs(x[0]);
    case Op::kMaximum:
    case Op::kMinimum:
      return Extreme(x[0], x[1], expr->op == Op::kMaximum);
    case Op::kFloor:
    case Op::kCeiling:
      return Step(x[0], expr->op == Op::kCeiling);
    case Op::kFactorial:
      return Gamma1(x[0]);
    case Op::kBinomial:
      return Gamma1(x[0]) / Gamma1(x[1]) / Gamma1(x[0] - x[1]);
    case Op::kApplication:
      return Unknown(expr->text, x[0]);
  }
  return out;
}

bool SpeaksOfIntegers(const Expr& expr) {
  return Any(expr, [](const Node& node) {
    return (node.op == Op::kFactorial || node.op == Op::kBinomial) && !Symbols(node.args[0]).empty();
  });
}

bool ShowsDifference(const Expr& gold, const Expr& answer, long double margin) {
  const bool complex = Any(gold, [](const Node& n) { return n.op == Op::kConstant && n.text == "i"; });
  for (int i = 0; i < kPoints; ++i) {
    const Point point{i, SpeaksOfIntegers(gold)};
    const Value a = Evaluate(gold, point), b = Evaluate(answer, point);
    if (!IsFinite(a) || !IsFinite(b)) continue;
    if (!complex && (!IsReal(a) || (!IsReal(b) && i >= kPositivePoints))) continue;
    const Real size = std::max(std::abs(a), std::abs(b));
    if (std::abs(a - b) > std::max(margin, kBlur) * size && size > 1e-300L) return true;
  }
  return false;
}

bool ShowsNoDifference(const Expr& gold, const Expr& answer) {
  bool seen = false;
  for (int i = 0; i < kPoints; ++i) {
    const Point point{i, SpeaksOfIntegers(gold)};
    const Value a = Evaluate(gold, point), b = Evaluate(answer, point);
    if (!IsFinite(a) || !IsFinite(b)) continue;
    seen = true;
    // Sums of large numbers may cancel; nine digits are enough against a wrong identity.
    if (std::abs(a - b) > 1e-9L * (std::abs(a) + std::abs(b)) + 1e-9L) return false;
  }
  return seen;
}

}  // namespace drover::verifier::mutation
