// Answers that agree with the gold on a part of the line, or at all integers, and are another function all the same.
#include <array>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

// A symbol of the expression, or one that it does not have: "6" against |x-3|+|x+3| restates the question.
Expr SomeSymbol(const Expr& expr, Rng& rng) {
  const std::vector<std::string> names = Symbols(expr);
  return Symbol(names.empty() ? "x" : rng.Of(names));
}

// Kinks lie from 3 to 2000, on either side.
Expr Far(Rng& rng) {
  const int kink = rng.Chance(50) ? rng.Between(3, 12) : rng.Between(13, 2000);
  return rng.Chance(50) ? Integer(kink) : Integer(-kink);
}

// x - a, or x + y - a where there are two symbols.
Expr Distance(const Expr& expr, Rng& rng) {
  const Expr x = SomeSymbol(expr, rng), y = SomeSymbol(expr, rng);
  const bool one = x->text == y->text;
  return Difference(one ? x : Sum(x, y), Far(rng));
}

// Zero on one side of the kink: |x - a| + x - a, |x - a| - x + a.
Expr ZeroOnOneSide(const Expr& distance, Rng& rng) {
  return rng.Chance(50) ? Sum(Absolute(distance), distance) : Difference(Absolute(distance), distance);
}

Expr OneSided(const Expr& whole, Rng& rng) { return Sum(whole, ZeroOnOneSide(Distance(whole, rng), rng)); }

// Zero but for one stretch of the line.
Expr Bump(const Expr& node, Rng& rng) {
  const Expr inner = Difference(Integer(rng.Between(1, 9)), Absolute(Distance(node, rng)));
  return Sum(node, Make(Op::kMaximum, {Integer(0), inner}));
}

Expr AbsoluteOf(const Expr& node, Rng&) { return Absolute(node); }

Expr RootOfSquare(const Expr& node, Rng& rng) {
  if (node->op == Op::kSum && node->args.size() == 2 && rng.Chance(60)) {  // sqrt(a^2 + 2ab + b^2)
    const Expr& a = node->args[0];
    const Expr& b = node->args[1];
    return Root(
        Make(Op::kSum, {Power(a, Integer(2)), Product(Integer(2), Product(a, b)), Power(b, Integer(2))}));
  }
  return Root(Power(node, Integer(2)));
}

Expr Capped(const Expr& node, Rng& rng) {
  return Make(rng.Chance(50) ? Op::kMaximum : Op::kMinimum, {node, Far(rng)});
}

// |x - a| + |x + b| is a + b between its kinks, and only there.
Expr ConstantBetweenKinks(const Expr& whole, Rng& rng) {
  int value = 0;
  if (!IsInteger(whole, &value) || value < 2) return nullptr;
  const Expr x = Symbol(rng.Chance(50) ? "x" : "t");
  const int left = rng.Between(1, value - 1);
  return Sum(Absolute(Difference(x, Integer(value - left))), Absolute(Sum(x, Integer(left))));
}

Expr CappedConstant(const Expr& whole, Rng& rng) {
  int value = 0;
  if (!IsInteger(whole, &value)) return nullptr;
  return Make(rng.Chance(50) ? Op::kMaximum : Op::kMinimum, {Symbol("x"), whole});
}

Expr SignAsFactor(const Expr& node, Rng& rng) {
  const Expr distance = Distance(node, rng);
  if (rng.Chance(30)) return Product(node, Function("\\operatorname{sgn}", distance));
  return Product(node, Quotient(Absolute(distance), distance));
}

// Zero at all integers.
Expr WaveAdded(const Expr& node, Rng& rng) {
  const Expr x = SomeSymbol(node, rng);
  const Expr wave =
      Function("\\sin", rng.Chance(50) ? Product(Pi(), x) : Product(Product(Integer(2), Pi()), x));
  return Sum(node, rng.Chance(50) ? wave : Power(wave, Integer(2)));
}

// One at all integers.
Expr WaveAsFactor(const Expr& node, Rng& rng) {
  const Expr turns = Product(Product(Integer(2), Pi()), SomeSymbol(node, rng));
  return Product(node, Function("\\cos", turns));
}

Expr ParityAsFactor(const Expr& node, Rng& rng) {
  return Product(node, Power(Negative(Integer(1)), Product(Integer(2), SomeSymbol(node, rng))));
}

// x (x-1) (x-2) ... : zero at the first integers.
Expr ZeroAtFirstIntegers(const Expr& node, Rng& rng) {
  const Expr x = SomeSymbol(node, rng);
  std::vector<Expr> factors = {x};
  for (int i = 1, last = rng.Between(3, 6); i < last; ++i) factors.push_back(Difference(x, Integer(i)));
  return Sum(node, Make(Op::kProduct, factors));
}

Expr FloorFarOut(const Expr& node, Rng& rng) {
  const int reach = rng.Between(4, 60);
  const Expr square = Power(SomeSymbol(node, rng), Integer(2));
  return Sum(node, Make(Op::kFloor, {Quotient(square, Integer(reach * reach))}));
}

Expr Floored(const Expr& node, Rng& rng) { return Make(rng.Chance(50) ? Op::kFloor : Op::kCeiling, {node}); }

Expr LogarithmOfAbsolute(const Expr& node, Rng&) {
  if (node->op != Op::kSymbol) return nullptr;
  return Power(Make(Op::kConstant, "e"), Function("\\ln", Absolute(node)));
}

Expr HalfLogarithmOfSquare(const Expr& node, Rng&) {
  if (node->op != Op::kSymbol) return nullptr;
  const Expr half = Quotient(Function("\\ln", Power(node, Integer(2))), Integer(2));
  return Power(Make(Op::kConstant, "e"), half);
}

// The inverse of a periodic function comes back to one period.
Expr InverseOfWave(const Expr& node, Rng& rng) {
  if (node->op != Op::kSymbol) return nullptr;
  constexpr std::array<const char*, 3> kWaves = {"\\tan", "\\sin", "\\cos"};
  constexpr std::array<const char*, 3> kInverses = {"\\arctan", "\\arcsin", "\\arccos"};
  const size_t i = rng.Below(kWaves.size());
  return Function(kInverses[i], Function(kWaves[i], node));
}

}  // namespace

std::span<const Change> WrongKinks() {
  static constexpr Change kChanges[] = {
      {"zero on one side", Change::kWhole, OneSided},
      {"absolute value", Change::kAnywhere, AbsoluteOf},
      {"root of the square", Change::kAnywhere, RootOfSquare},
      {"max or min far out", Change::kAnywhere, Capped},
      {"constant between kinks", Change::kWhole, ConstantBetweenKinks},
      {"constant as max or min", Change::kWhole, CappedConstant},
      {"sign of a distance", Change::kAnywhere, SignAsFactor},
      {"zero at integers", Change::kAnywhere, WaveAdded},
      {"one at integers", Change::kAnywhere, WaveAsFactor},
      {"(-1)^(2x)", Change::kAnywhere, ParityAsFactor},
      {"floor far out", Change::kAnywhere, FloorFarOut},
      {"floor or ceiling", Change::kAnywhere, Floored},
      {"e^ln|x|", Change::kAnywhere, LogarithmOfAbsolute},
      {"half ln x^2", Change::kAnywhere, HalfLogarithmOfSquare},
      {"inverse of a wave", Change::kAnywhere, InverseOfWave},
      {"bump", Change::kAnywhere, Bump},
      {"zero at the first integers", Change::kAnywhere, ZeroAtFirstIntegers},
  };
  return kChanges;
}

}  // namespace drover::verifier::mutation
