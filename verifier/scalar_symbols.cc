// Expressions with free symbols, and operators that are read but not evaluated.
#include "verifier/scalar_impl.h"

namespace drover::verifier {

Outcome Comparer::Sampled(bool natural, const Traits& a, const Traits& b) {
  using K = SamplePoint::Kind;
  std::vector<SamplePoint> points = {{K::kPositive, 0}, {K::kPositive, 1}, {K::kSmall, 2},
                                     {K::kSmall, 3},    {K::kNegative, 4}, {K::kMixed, 5}};
  if (a.complex_like || b.complex_like) points.push_back({K::kComplex, 6});
  const bool imaginary = a.imaginary || b.imaginary;
  bool left = false, right = false;
  // First the points where both sides are real: elsewhere, roots and logarithms take values by convention only. If
  // there are too few of those, the conventional values have to do.
  for (const bool conventional : {false, true}) {
    int usable = 0;
    for (const SamplePoint& point : points) {
      bool real = true;
      const Overlap overlap = At(point, natural, 128, &real);
      if (overlap == Overlap::kUnsupported) return Outcome::kUndecided;
      left = left || left_defined_, right = right || right_defined_;
      const bool counts = real || imaginary || conventional || point.kind == K::kComplex;
      if (overlap == Overlap::kUnusable || !counts) continue;
      if (overlap == Overlap::kDisjoint) {
        const bool integers = a.integer_like || b.integer_like;
        return integers && AtIntegers(natural) ? Decided("integer points", Outcome::kEqualNumeric)
                                               : Decided("sample points", Outcome::kDifferent);
      }
      ++usable;
    }
    if (usable >= 2) break;
    if (!conventional) continue;
    if (left != right && !over_) return Decided("undefined", Outcome::kDifferent);
    return Outcome::kUndecided;
  }
  // Once more with digits enough to see a tiny difference.
  const Overlap fine =
      At({K::kSmall, 2}, natural, std::min<int64_t>(512, options_.budget.ball_bits), nullptr);
  if (fine == Overlap::kDisjoint) return Decided("sample points", Outcome::kDifferent);
  return Decided("sample points", Outcome::kEqualNumeric);
}

bool Comparer::AtIntegers(bool natural) {
  if (!IntegerPattern(gold_) && !IntegerPattern(response_)) return false;
  for (uint32_t i = 0; i < 6; ++i) {
    if (At({SamplePoint::Kind::kInteger, i}, natural, 128, nullptr) != Overlap::kOverlap) return false;
  }
  return true;
}

bool Comparer::IntegerPattern(const Operand& operand) {
  bool found = false;
  Walk(operand, [&](const Node& node) {
    if (found) return;
    const auto kid = [&](uint32_t i) { return Operand{operand.tree, operand.tree->kids[node.first + i]}; };
    if (node.kind == Kind::kPower) {
      found = kid(0).node().kind == Kind::kNegate && !FreeSymbols(kid(1)).empty();
    } else if (node.kind == Kind::kFunction) {
      const auto function = static_cast<Function>(node.value);
      const bool circular = function == Function::kSin || function == Function::kCos;
      bool pi = false;
      if (circular) {
        Walk(kid(0), [&pi](const Node& n) {
          pi = pi || (n.kind == Kind::kConstant && static_cast<Constant>(n.value) == Constant::kPi);
        });
      }
      found = function == Function::kFactorial || (circular && pi && !FreeSymbols(kid(0)).empty());
    }
  });
  return found;
}

Outcome Comparer::Structural(const Operand& a, const Operand& b, int depth) {
  if (depth > 40 || ++structural_ > kMaxStructural) return Outcome::kOverBudget;
  const Node &x = a.node(), &y = b.node();
  const bool opaque = TraitsOf(a).undecidable || TraitsOf(b).undecidable;
  if (!opaque) return CompareScalars(a, b, options_);
  if (x.kind != y.kind || x.count != y.count) return Outcome::kUndecided;
  if (x.kind == Kind::kOpaque && a.tree->texts[x.value] != b.tree->texts[y.value]) return Outcome::kUndecided;
  if (x.kind != Kind::kOpaque && x.kind != Kind::kRelation && x.value != y.value && x.count == 0) {
    return Outcome::kUndecided;
  }
  Outcome all = Outcome::kEqualExact;
  for (uint32_t i = 0; i < x.count; ++i) {
    Operand left = a.Kid(i), right = b.Kid(i);
    const Outcome part = left.node().kind == Kind::kRelation || right.node().kind == Kind::kRelation
                             ? RelationParts(left, right, depth + 1)
                             : Structural(left, right, depth + 1);
    if (!IsEqual(part)) return Outcome::kUndecided;
    all = Both(all, part);
  }
  return Decided("alike", all);
}

Outcome Comparer::RelationParts(const Operand& a, const Operand& b, int depth) {
  const Node &x = a.node(), &y = b.node();
  if (x.kind != y.kind || x.count != y.count) return Outcome::kUndecided;
  Outcome all = Outcome::kEqualExact;
  for (uint32_t i = 0; i < x.count; ++i) {
    if (i > 0 && a.tree->relations[x.value + i - 1] != b.tree->relations[y.value + i - 1])
      return Outcome::kUndecided;
    all = Both(all, Structural(a.Kid(i), b.Kid(i), depth));
  }
  return all;
}

}  // namespace drover::verifier
