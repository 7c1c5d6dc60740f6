// One mathematical step inside a value: the answer's value is another one. What may leave some value as it is (the sign
// of 0, an exchange in a symmetric expression) is dropped by the guard in Apply().
#include <algorithm>
#include <array>
#include <cctype>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

Expr Sign(const Expr& node, Rng&) { return Negative(node); }

Expr OffByOne(const Expr& node, Rng& rng) {
  int value = 0;
  if (node->op != Op::kNumber || !IsInteger(node, &value)) return nullptr;
  return Integer(value + (rng.Chance(50) ? 1 : -1));
}

Expr Digit(const Expr& node, Rng& rng) {
  if (node->op != Op::kNumber) return nullptr;
  std::string text = node->text;
  char& digit = text[rng.Below(text.size())];
  if (digit == '.') return nullptr;
  digit = static_cast<char>('0' + (digit - '0' + rng.Between(1, 9)) % 10);
  return Number(text);
}

Expr DigitsSwapped(const Expr& node, Rng& rng) {
  if (node->op != Op::kNumber || node->text.size() < 2) return nullptr;
  std::string text = node->text;
  const size_t i = rng.Below(text.size() - 1);
  if (text[i] == '.' || text[i + 1] == '.') return nullptr;
  std::swap(text[i], text[i + 1]);
  return Number(text);
}

Expr PointMoved(const Expr& node, Rng&) {
  if (node->op != Op::kNumber) return nullptr;
  std::string text = node->text;
  const size_t point = text.find('.');
  if (point == text.npos) return Number(text + "0");
  text.erase(point, 1);
  return Number(text);
}

Expr Exponent(const Expr& node, Rng& rng) {
  if (node->op != Op::kPower) return Power(node, Integer(rng.Between(2, 4)));
  return Power(node->args[0], Sum(node->args[1], Integer(rng.Chance(50) ? 1 : -1)));
}

Expr Index(const Expr& node, Rng& rng) {
  if (node->op != Op::kSymbol) return nullptr;
  const std::string stem = node->text.substr(0, node->text.find('_'));
  return Symbol(stem + "_" + std::to_string(rng.Between(1, 9)));
}

Expr Factor(const Expr& node, Rng& rng) {
  const Expr factor = Integer(rng.Chance(30) ? 10 : rng.Between(2, 9));
  return rng.Chance(60) ? Product(factor, node) : Quotient(node, factor);
}

Expr TermAdded(const Expr& node, Rng& rng) {
  const Expr term = Integer(rng.Between(1, 12));
  return rng.Chance(50) ? Sum(node, term) : Difference(node, term);
}

Expr PartDropped(const Expr& node, Rng& rng) {
  if (node->op != Op::kSum && node->op != Op::kProduct) return nullptr;
  Node copy = *node;
  copy.args.erase(copy.args.begin() + static_cast<std::ptrdiff_t>(rng.Below(copy.args.size())));
  return copy.args.size() == 1 ? copy.args[0] : Make(copy.op, copy.args);
}

Expr FractionInverted(const Expr& node, Rng&) {
  return node->op == Op::kQuotient ? Quotient(node->args[1], node->args[0]) : Quotient(Integer(1), node);
}

Expr OperationSwapped(const Expr& node, Rng&) {
  if (node->op == Op::kSum) return Make(Op::kProduct, node->args);
  if (node->op == Op::kProduct) return Make(Op::kSum, node->args);
  if (node->op == Op::kQuotient) return Product(node->args[0], node->args[1]);
  if (node->op == Op::kPower) return Product(node->args[0], node->args[1]);
  if (node->op == Op::kRoot) return node->args[0];
  return nullptr;
}

// A letter's other case; e and i would be constants, and no reader tells O from o's kin.
Expr Case(const Expr& node, Rng&) {
  if (node->op != Op::kSymbol || std::isalpha(static_cast<unsigned char>(node->text[0])) == 0) return nullptr;
  std::string name = node->text;
  const auto first = static_cast<unsigned char>(name[0]);
  name[0] = static_cast<char>(std::isupper(first) != 0 ? std::tolower(first) : std::toupper(first));
  return name == "e" || name == "i" ? nullptr : Symbol(name);
}

Expr Exchanged(const Expr& whole, const std::string& a, const std::string& b) {
  const Expr parked = Substitute(whole, a, Symbol("exchanged"));
  return Substitute(Substitute(parked, b, Symbol(a)), "exchanged", Symbol(b));
}

Expr SymbolsExchanged(const Expr& whole, Rng& rng) {
  const std::vector<std::string> names = Symbols(whole);
  if (names.size() < 2) return nullptr;
  const size_t i = rng.Below(names.size());
  return Exchanged(whole, names[i], names[(i + 1) % names.size()]);
}

Expr SymbolRenamed(const Expr& whole, Rng& rng) {
  const std::vector<std::string> names = Symbols(whole);
  if (names.empty()) return nullptr;
  constexpr std::array<const char*, 6> kOthers = {"z", "w", "p", "s", "\\alpha", "\\beta"};
  return Substitute(whole, rng.Of(names), Symbol(rng.Of(kOthers)));
}

Expr SymbolEvaluated(const Expr& whole, Rng& rng) {
  const std::vector<std::string> names = Symbols(whole);
  return names.empty() ? nullptr : Substitute(whole, rng.Of(names), Integer(rng.Between(0, 3)));
}

Expr FunctionSwapped(const Expr& node, Rng& rng) {
  constexpr std::array<const char*, 7> kNames = {"\\sin",    "\\cos", "\\tan", "\\ln",
                                                 "\\arctan", "\\exp", "\\cot"};
  return node->op == Op::kFunction && node->args.size() == 1 ? Function(rng.Of(kNames), node->args[0])
                                                             : nullptr;
}

Expr FunctionDropped(const Expr& node, Rng&) { return node->op == Op::kFunction ? node->args[0] : nullptr; }

Expr Conjugate(const Expr& node, Rng&) {
  return node->op == Op::kConstant && node->text == "i" ? Negative(node) : nullptr;
}

Expr ConstantSwapped(const Expr& node, Rng& rng) {
  if (node->op != Op::kConstant) return nullptr;
  constexpr std::array<const char*, 3> kNames = {"\\pi", "e", "i"};
  const std::string name = rng.Of(kNames);
  return name == node->text ? nullptr : Make(Op::kConstant, name);
}

Expr Factorial(const Expr& node, Rng&) {
  int value = 0;
  const bool whole = IsInteger(node, &value) && value >= 0 && value < 1000;
  return whole || node->op == Op::kSymbol ? Make(Op::kFactorial, {node}) : nullptr;
}

// A value of a function is no product, no other function's value, and not linear.
Expr ApplicationMultiplied(const Expr& node, Rng&) {
  if (node->op != Op::kApplication) return nullptr;
  return Product(node->args[0], Symbol(node->text));
}
Expr ApplicationOfAnother(const Expr& node, Rng&) {
  if (node->op != Op::kApplication) return nullptr;
  return Make(Op::kApplication, node->text == "B" ? "D" : "B", node->args);
}
Expr ApplicationElsewhere(const Expr& node, Rng& rng) {
  if (node->op != Op::kApplication) return nullptr;
  return Make(Op::kApplication, node->text, {Sum(node->args[0], Integer(rng.Between(1, 5)))});
}
Expr ApplicationLinear(const Expr& node, Rng&) {
  if (node->op != Op::kApplication) return nullptr;
  return Product(node->args[0], Make(Op::kApplication, node->text, {Integer(1)}));
}
Expr ApplicationVanishes(const Expr& whole, Rng&) {
  const bool applied = Any(whole, [](const Node& n) { return n.op == Op::kApplication; });
  return applied ? Integer(0) : nullptr;
}

// Letters after a number are factors and no unit.
Expr LettersAppended(const Expr& whole, Rng& rng) {
  constexpr std::array<const char*, 10> kLetters = {"x", "y", "z", "p", "q", "r", "a", "b", "k", "n"};
  std::vector<Expr> factors = {whole};
  for (int count = rng.Between(1, 4); count > 0; --count) factors.push_back(Symbol(rng.Of(kLetters)));
  return Make(Op::kProduct, factors);
}

// What rounds to a whole gold (44.0) is not that gold.
Expr NearbyIrrational(const Expr& whole, Rng& rng) {
  int value = 0;
  if (!IsInteger(whole, &value) || value < 2 || value > 20'000) return nullptr;
  if (rng.Chance(50)) return Root(Integer(value * value + 1));
  const int factor = static_cast<int>(value / 3.14159265358979 + 0.5);
  return factor < 1 ? nullptr : Product(Integer(factor), Pi());
}

}  // namespace

std::span<const Change> WrongValues() {
  static constexpr Change kChanges[] = {
      {"sign", Change::kAnywhere, Sign},
      {"off by one", Change::kAnywhere, OffByOne},
      {"a digit", Change::kAnywhere, Digit},
      {"digits exchanged", Change::kAnywhere, DigitsSwapped},
      {"point moved", Change::kAnywhere, PointMoved},
      {"exponent", Change::kAnywhere, Exponent},
      {"index", Change::kAnywhere, Index},
      {"factor", Change::kAnywhere, Factor},
      {"term added", Change::kAnywhere, TermAdded},
      {"term or factor dropped", Change::kAnywhere, PartDropped},
      {"fraction inverted", Change::kAnywhere, FractionInverted},
      {"operation swapped", Change::kAnywhere, OperationSwapped},
      {"letter case", Change::kAnywhere, Case},
      {"symbols exchanged", Change::kWhole, SymbolsExchanged},
      {"symbol renamed", Change::kWhole, SymbolRenamed},
      {"symbol evaluated", Change::kWhole, SymbolEvaluated},
      {"function swapped", Change::kAnywhere, FunctionSwapped},
      {"function dropped", Change::kAnywhere, FunctionDropped},
      {"conjugate", Change::kAnywhere, Conjugate},
      {"constant swapped", Change::kAnywhere, ConstantSwapped},
      {"factorial", Change::kAnywhere, Factorial},
      {"application as a product", Change::kAnywhere, ApplicationMultiplied},
      {"application of another", Change::kAnywhere, ApplicationOfAnother},
      {"application elsewhere", Change::kAnywhere, ApplicationElsewhere},
      {"application made linear", Change::kAnywhere, ApplicationLinear},
      {"application made 0", Change::kWhole, ApplicationVanishes},
      {"letters appended", Change::kWhole, LettersAppended},
      {"irrational nearby", Change::kWhole, NearbyIrrational},
  };
  return kChanges;
}

}  // namespace drover::verifier::mutation
