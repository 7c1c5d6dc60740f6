// Identities, each true for all values that both sides have.
#include <algorithm>
#include <cstdlib>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

Expr Commuted(const Expr& node, Rng& rng) {
  if (node->op != Op::kSum && node->op != Op::kProduct) return nullptr;
  Node copy = *node;
  std::rotate(copy.args.begin(),
              copy.args.begin() + 1 + static_cast<std::ptrdiff_t>(rng.Below(copy.args.size() - 1)),
              copy.args.end());
  return Make(copy.op, copy.args);
}

Expr Expanded(const Expr& node, Rng& rng) {
  const Expr k = Integer(rng.Between(2, 12));
  if (node->op == Op::kQuotient) return Quotient(Product(k, node->args[0]), Product(k, node->args[1]));
  return Quotient(Product(k, node), k);
}

Expr WholeAsFraction(const Expr& node, Rng& rng) {
  int value = 0;
  if (!IsInteger(node, &value) || std::abs(value) > 100'000) return nullptr;
  const int k = rng.Between(2, 12);
  return Quotient(Integer(value * k), Integer(k));
}

Expr MinusTwice(const Expr& node, Rng&) { return Negative(Negative(node)); }

Expr Split(const Expr& node, Rng& rng) {
  int value = 0;
  if (!IsInteger(node, &value)) return nullptr;
  const int part = rng.Between(1, 60);
  return Sum(Integer(value - part), Integer(part));
}

Expr AddedAndTaken(const Expr& node, Rng& rng) {
  const Expr k = Integer(rng.Between(1, 30));
  return Difference(Sum(node, k), k);
}

Expr MinusDistributed(const Expr& node, Rng&) {
  if (node->op != Op::kSum || node->args.size() != 2) return nullptr;
  return Negative(Sum(Negative(node->args[1]), Negative(node->args[0])));
}

Expr FractionSplit(const Expr& node, Rng&) {
  if (node->op != Op::kQuotient) return nullptr;
  const Expr& above = node->args[0];
  if (above->op != Op::kSum) return Product(Quotient(Integer(1), node->args[1]), above);
  std::vector<Expr> parts;
  for (const Expr& term : above->args) {
    const bool negative = term->op == Op::kNegative;
    const Expr part = Quotient(negative ? term->args[0] : term, node->args[1]);
    parts.push_back(negative ? Negative(part) : part);
  }
  return Make(Op::kSum, parts);
}

Expr FractionOfNegatives(const Expr& node, Rng&) {
  return node->op == Op::kQuotient ? Quotient(Negative(node->args[0]), Negative(node->args[1])) : nullptr;
}

// 7/8 as 0.875.
Expr AsDecimal(const Expr& node, Rng&) {
  int a = 0, b = 0;
  if (node->op != Op::kQuotient || !IsInteger(node->args[0], &a) || !IsInteger(node->args[1], &b))
    return nullptr;
  if (a <= 0 || b <= 0 || a > 100'000) return nullptr;
  std::string digits;
  int64_t rest = a % b;
  while (rest != 0 && digits.size() < 6) {
    rest *= 10;
    digits += static_cast<char>('0' + rest / b);
    rest %= b;
  }
  return rest != 0 || digits.empty() ? nullptr : Number(std::to_string(a / b) + "." + digits);
}

// 0.3 as 3/10, 4 as 4.0.
Expr OfDecimal(const Expr& node, Rng&) {
  if (node->op != Op::kNumber) return nullptr;
  const size_t point = node->text.find('.');
  if (point == node->text.npos) return Number(node->text + ".0");
  std::string digits = node->text;
  digits.erase(point, 1);
  return Quotient(Number(digits), Number("1" + std::string(node->text.size() - point - 1, '0')));
}

Expr RootWithSquare(const Expr& node, Rng& rng) {
  int value = 0;
  if (node->op != Op::kRoot || node->text != "2" || !IsInteger(node->args[0], &value)) return nullptr;
  const int k = rng.Between(2, 6);
  return Quotient(Root(Integer(k * k * value)), Integer(k));
}

Expr RootRationalised(const Expr& node, Rng&) {
  int value = 0;
  if (node->op != Op::kRoot || node->text != "2" || !IsInteger(node->args[0], &value) || value < 2)
    return nullptr;
  return Quotient(node->args[0], node);
}

Expr RootAsPower(const Expr& node, Rng&) {
  int value = 0;
  if (node->op != Op::kRoot || !IsInteger(node->args[0], &value)) return nullptr;
  return Power(node->args[0], Quotient(Integer(1), Number(node->text)));
}

Expr FactorIntoRoot(const Expr& node, Rng&) {
  int factor = 0, value = 0;
  if (node->op != Op::kProduct || node->args.size() != 2 || node->args[1]->op != Op::kRoot) return nullptr;
  if (node->args[1]->text != "2" || !IsInteger(node->args[0], &factor) || factor < 1 || factor > 500)
    return nullptr;
  if (!IsInteger(node->args[1]->args[0], &value) || value > 1000) return nullptr;
  return Root(Integer(factor * factor * value));
}

Expr Distributed(const Expr& node, Rng&) {
  if (node->op != Op::kProduct || node->args.size() != 2) return nullptr;
  const bool first = node->args[0]->op == Op::kSum;
  const Expr& sum = node->args[first ? 0 : 1];
  const Expr& factor = node->args[first ? 1 : 0];
  if (sum->op != Op::kSum) return nullptr;
  std::vector<Expr> terms;
  for (const Expr& term : sum->args) {
    const bool negative = term->op == Op::kNegative;
    const Expr product = Product(factor, negative ? term->args[0] : term);
    terms.push_back(negative ? Negative(product) : product);
  }
  return Make(Op::kSum, terms);
}

// a + b = (a/k + b/k) k
Expr FactorTakenOut(const Expr& node, Rng& rng) {
  if (node->op != Op::kSum) return nullptr;
  const Expr k = Integer(rng.Between(2, 9));
  return Product(k, FractionSplit(Quotient(node, k), rng));
}

Expr SquareExpanded(const Expr& node, Rng&) {
  int power = 0;
  if (node->op != Op::kPower || !IsInteger(node->args[1], &power) || power != 2) return nullptr;
  const Expr& base = node->args[0];
  if (base->op != Op::kSum || base->args.size() != 2) return Product(base, base);
  const Expr& a = base->args[0];
  const Expr& b = base->args[1];
  return Make(Op::kSum, {Power(a, Integer(2)), Product(Integer(2), Product(a, b)), Power(b, Integer(2))});
}

// a^2 - b^2 for a difference of whole squares' sake: u = (u+1)^2 - u^2 - u - 1
Expr OfSquares(const Expr& node, Rng&) {
  if (node->op != Op::kSymbol) return nullptr;
  const Expr next = Sum(node, Integer(1));
  return Make(Op::kSum, {Power(next, Integer(2)), Negative(Power(node, Integer(2))), Negative(next)});
}

Expr DifferenceOfSquares(const Expr& node, Rng& rng) {
  if (node->op != Op::kSymbol) return nullptr;
  const Expr k = Integer(rng.Between(1, 12));
  const Expr squares = Difference(Power(node, Integer(2)), Power(k, Integer(2)));
  return Sum(Quotient(squares, Difference(node, k)), Negative(k));
}

Expr PowerSplit(const Expr& node, Rng&) {
  int power = 0;
  if (node->op != Op::kPower || !IsInteger(node->args[1], &power) || power < 2) return nullptr;
  return Product(node->args[0], power == 2 ? node->args[0] : Power(node->args[0], Integer(power - 1)));
}

Expr ReciprocalAsPower(const Expr& node, Rng&) {
  return node->op == Op::kQuotient ? Product(node->args[0], Power(node->args[1], Integer(-1))) : nullptr;
}

Expr ExponentialSplit(const Expr& node, Rng& rng) {
  if (node->op != Op::kPower || node->args[0]->op != Op::kConstant || node->args[0]->text != "e")
    return nullptr;
  const Expr k = Integer(rng.Between(1, 5));
  return Product(Power(node->args[0], Sum(node->args[1], k)), Power(node->args[0], Negative(k)));
}

Expr ExponentialOfLogarithm(const Expr& node, Rng&) {
  int value = 0;
  if (!IsInteger(node, &value) || value < 1) return nullptr;
  return Power(Make(Op::kConstant, "e"), Function("\\ln", node));
}

Expr LogarithmOfPower(const Expr& node, Rng& rng) {
  int value = 0;
  if (!IsInteger(node, &value) || value < 1 || value > 12) return nullptr;
  const int base = rng.Between(2, 10);
  return Make(Op::kFunction, "\\log", {Power(Integer(base), node), Integer(base)});
}

Expr LogarithmSplit(const Expr& node, Rng& rng) {
  if (node->op != Op::kFunction || node->text != "\\ln") return nullptr;
  const Expr k = Integer(rng.Between(2, 9));
  return Difference(Function("\\ln", Product(k, node->args[0])), Function("\\ln", k));
}

Expr SinesAndCosines(const Expr& node, Rng& rng) {
  const Expr turn = rng.Chance(50) ? Symbol("x") : Symbol("\\theta");
  const Expr one =
      Sum(Power(Function("\\sin", turn), Integer(2)), Power(Function("\\cos", turn), Integer(2)));
  return Product(node, one);
}

Expr Shifted(const Expr& node, Rng& rng) {
  if (node->op != Op::kFunction || (node->text != "\\sin" && node->text != "\\cos")) return nullptr;
  const bool sine = node->text == "\\sin";
  if (rng.Chance(40)) return Function(node->text, Sum(node->args[0], Product(Integer(2), Pi())));
  const Expr quarter = Quotient(Pi(), Integer(2));
  return Function(sine ? "\\cos" : "\\sin", Difference(quarter, node->args[0]));
}

Expr OddOrEven(const Expr& node, Rng&) {
  if (node->op != Op::kFunction || (node->text != "\\sin" && node->text != "\\cos")) return nullptr;
  const Expr turned = Function(node->text, Negative(node->args[0]));
  return node->text == "\\sin" ? Negative(turned) : turned;
}

Expr HalfAngle(const Expr& node, Rng&) {
  if (node->op != Op::kFunction || (node->text != "\\sin" && node->text != "\\cos")) return nullptr;
  const Expr half = Quotient(node->args[0], Integer(2));
  const Expr sine = Function("\\sin", half), cosine = Function("\\cos", half);
  if (node->text == "\\sin") return Product(Integer(2), Product(sine, cosine));
  return Difference(Power(cosine, Integer(2)), Power(sine, Integer(2)));
}

// cos(a + b) with its sum taken apart.
Expr AdditionTheorem(const Expr& node, Rng&) {
  if (node->op != Op::kFunction || (node->text != "\\sin" && node->text != "\\cos")) return nullptr;
  const Expr& sum = node->args[0];
  if (sum->op != Op::kSum || sum->args.size() != 2) return nullptr;
  const auto sine = [&](int i) { return Function("\\sin", sum->args[i]); };
  const auto cosine = [&](int i) { return Function("\\cos", sum->args[i]); };
  if (node->text == "\\cos") return Difference(Product(cosine(0), cosine(1)), Product(sine(0), sine(1)));
  return Sum(Product(sine(0), cosine(1)), Product(cosine(0), sine(1)));
}

Expr AbsoluteTurned(const Expr& node, Rng& rng) {
  if (node->op != Op::kAbsolute) return nullptr;
  if (rng.Chance(50)) return Absolute(Negative(node->args[0]));
  return Root(Power(node->args[0], Integer(2)));
}

Expr AbsoluteOfProduct(const Expr& node, Rng&) {
  if (node->op != Op::kAbsolute) return nullptr;
  const Expr& inner = node->args[0];
  return Quotient(Absolute(Product(Integer(2), inner)), Integer(2));
}

// u^2 as |u|^2 and as the root of u^4.
Expr SquareAsAbsolute(const Expr& node, Rng& rng) {
  int power = 0;
  if (node->op != Op::kPower || !IsInteger(node->args[1], &power) || power != 2) return nullptr;
  if (Symbols(node->args[0]).empty()) return nullptr;
  if (rng.Chance(50)) return Power(Absolute(node->args[0]), Integer(2));
  return Root(Power(node->args[0], Integer(4)));
}

Expr LogarithmOfExponential(const Expr& node, Rng&) {
  if (node->op != Op::kSymbol) return nullptr;
  return Function("\\ln", Power(Make(Op::kConstant, "e"), node));
}

Expr ExtremesAdded(const Expr& node, Rng& rng) {
  if (node->op != Op::kSymbol) return nullptr;
  const Expr k = Integer(rng.Between(3, 60));
  const Expr both = Sum(Make(Op::kMaximum, {node, k}), Make(Op::kMinimum, {node, k}));
  return Difference(both, k);
}

Expr ExtremeAsAbsolute(const Expr& node, Rng& rng) {
  if (node->op != Op::kMaximum && node->op != Op::kMinimum) return nullptr;
  const Expr& a = node->args[0];
  const Expr& b = node->args[1];
  if (rng.Chance(30)) return Make(node->op, {b, a});
  const Expr distance = Absolute(Difference(a, b));
  const Expr sum = Sum(a, b);
  return Quotient(node->op == Op::kMaximum ? Sum(sum, distance) : Difference(sum, distance), Integer(2));
}

Expr FloorMoved(const Expr& node, Rng& rng) {
  if (node->op != Op::kFloor) return nullptr;
  const Expr k = Integer(rng.Between(1, 9));
  return Difference(Make(Op::kFloor, {Sum(node->args[0], k)}), k);
}

Expr BinomialMirrored(const Expr& node, Rng&) {
  if (node->op != Op::kBinomial) return nullptr;
  return Make(Op::kBinomial, {node->args[0], Difference(node->args[0], node->args[1])});
}

Expr BinomialAsFactorials(const Expr& node, Rng&) {
  if (node->op != Op::kBinomial) return nullptr;
  const auto factorial = [](const Expr& a) { return Make(Op::kFactorial, {a}); };
  const Expr rest = Difference(node->args[0], node->args[1]);
  return Quotient(factorial(node->args[0]), Product(factorial(node->args[1]), factorial(rest)));
}

}  // namespace

std::span<const Change> EqualValues() {
  static constexpr Change kChanges[] = {
      {"commuted", Change::kAnywhere, Commuted},
      {"times k over k", Change::kAnywhere, Expanded},
      {"whole number as a fraction", Change::kAnywhere, WholeAsFraction},
      {"minus twice", Change::kAnywhere, MinusTwice},
      {"number split", Change::kAnywhere, Split},
      {"added and taken", Change::kAnywhere, AddedAndTaken},
      {"minus distributed", Change::kAnywhere, MinusDistributed},
      {"fraction split", Change::kAnywhere, FractionSplit},
      {"fraction of negatives", Change::kAnywhere, FractionOfNegatives},
      {"fraction as a decimal", Change::kAnywhere, AsDecimal},
      {"decimal as a fraction", Change::kAnywhere, OfDecimal},
      {"square into the root", Change::kAnywhere, RootWithSquare},
      {"root rationalised", Change::kAnywhere, RootRationalised},
      {"root as a power", Change::kAnywhere, RootAsPower},
      {"factor into the root", Change::kAnywhere, FactorIntoRoot},
      {"distributed", Change::kAnywhere, Distributed},
      {"factor taken out", Change::kAnywhere, FactorTakenOut},
      {"square expanded", Change::kAnywhere, SquareExpanded},
      {"difference of squares", Change::kAnywhere, OfSquares},
      {"square over a difference", Change::kAnywhere, DifferenceOfSquares},
      {"power split", Change::kAnywhere, PowerSplit},
      {"reciprocal as a power", Change::kAnywhere, ReciprocalAsPower},
      {"exponential split", Change::kAnywhere, ExponentialSplit},
      {"e^ln n", Change::kAnywhere, ExponentialOfLogarithm},
      {"logarithm of a power", Change::kAnywhere, LogarithmOfPower},
      {"logarithm split", Change::kAnywhere, LogarithmSplit},
      {"times sin^2 + cos^2", Change::kWhole, SinesAndCosines},
      {"angle shifted", Change::kAnywhere, Shifted},
      {"odd or even", Change::kAnywhere, OddOrEven},
      {"half angle", Change::kAnywhere, HalfAngle},
      {"addition theorem", Change::kAnywhere, AdditionTheorem},
      {"absolute value turned", Change::kAnywhere, AbsoluteTurned},
      {"absolute value of a product", Change::kAnywhere, AbsoluteOfProduct},
      {"square as an absolute value", Change::kAnywhere, SquareAsAbsolute},
      {"ln e^x", Change::kAnywhere, LogarithmOfExponential},
      {"max and min added", Change::kAnywhere, ExtremesAdded},
      {"max and min as absolute values", Change::kAnywhere, ExtremeAsAbsolute},
      {"floor moved", Change::kAnywhere, FloorMoved},
      {"binomial mirrored", Change::kAnywhere, BinomialMirrored},
      {"binomial as factorials", Change::kAnywhere, BinomialAsFactorials},
  };
  return kChanges;
}

}  // namespace drover::verifier::mutation
