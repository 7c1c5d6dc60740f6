// Expressions with free symbols, and operators that are read but not evaluated.
#include "verifier/equality/identity.h"
#include "verifier/equality/scalar_comparer.h"

namespace drover::verifier {

uint64_t Comparer::Key() const {
  uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (const Operand* side : {&gold_, &response_}) {
    for (const char c : side->tree->source) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    hash = (hash ^ 0xFF) * 0x100000001B3u;
  }
  return hash;
}

std::optional<Outcome> Comparer::RefutedAt(const SamplePoint& point, bool natural, int64_t bits,
                                           bool complex_values, Budget& budget) {
  const Overlap overlap = At(point, natural, bits, budget);
  if (overlap == Overlap::kUnsupported) return Outcome::kUndecided;
  ever_left_ = ever_left_ || left_defined_, ever_right_ = ever_right_ || right_defined_;
  if (overlap == Overlap::kUnusable) return std::nullopt;
  if (!complex_values) {
    using K = SamplePoint::Kind;
    // Where the gold is not real it says nothing; where only the response is not, parameters may be meant to be positive.
    const bool positive = point.kind == K::kPositive || point.kind == K::kUnit || point.kind == K::kLarge ||
                          (point.kind == K::kGiven && point.value->sign() > 0);
    if (!left_real_ || (!right_real_ && !positive)) return std::nullopt;
  }
  ++usable_;
  if (overlap == Overlap::kDisjoint) return Decided(Rule::kSamplePoints, Outcome::kDifferent);
  return std::nullopt;
}

std::optional<Outcome> Comparer::Refuted(const std::vector<SamplePoint>& points, bool natural,
                                         bool complex_values, Budget& budget) {
  for (const SamplePoint& point : points) {
    if (const auto outcome = RefutedAt(point, natural, 128, complex_values, budget)) return outcome;
  }
  return std::nullopt;
}

bool Comparer::Proved(bool natural, bool complex_symbols, bool complex_values,
                      std::vector<std::pair<uint32_t, Rational>>* points) {
  IdentityOptions options{.log_is_natural = natural, .complex_values = complex_values};
  options.domain = {.integers = integers_, .complex_symbols = complex_symbols};
  Budget budget = NewBudget(6);
  Identity identity = ProveIdentity(gold_, response_, options, budget);
  // Everywhere outside of the reals: then the conventional values have to do.
  if (!identity.equal && !complex_values && identity.cells > 0 && identity.counted == 0) {
    options.complex_values = true;
    identity = ProveIdentity(gold_, response_, options, budget);
  }
  over_ = over_ || budget.over();
  *points = std::move(identity.points);
  return identity.equal;
}

Outcome Comparer::Symbolic(bool natural, const Traits& a, const Traits& b) {
  using K = SamplePoint::Kind;
  constexpr uint32_t kMorePoints = 32;
  const uint64_t key = Key();
  integers_ = IntegerSymbols(gold_);
  Budget budget = NewBudget(4);  // of all points
  const bool complex_symbols = a.complex_like || b.complex_like;
  bool complex_values = complex_symbols || a.imaginary || b.imaginary;
  std::vector<SamplePoint> points;
  uint32_t index = 0;
  for (const K kind :
       {K::kPositive, K::kWide, K::kUnit, K::kLarge, K::kNegative, K::kMixed, K::kWide, K::kWide})
    points.push_back({.kind = kind, .index = index++, .key = key});
  if (complex_symbols) points.push_back({.kind = K::kComplex, .index = index++, .key = key});
  if (const auto outcome = Refuted(points, natural, complex_values, budget)) return *outcome;
  if (usable_ == 0 && !complex_values) {
    complex_values = true;  // never real: roots and logarithms take their conventional values
    if (const auto outcome = Refuted(points, natural, complex_values, budget)) return *outcome;
  }
  if (usable_ == 0) {
    if (ever_left_ != ever_right_ && !over_) return Decided(Rule::kUndefined, Outcome::kDifferent);
    return Outcome::kUndecided;
  }
  std::vector<std::pair<uint32_t, Rational>> cells;
  if (Proved(natural, complex_symbols, complex_values, &cells))
    return Decided(Rule::kKernels, Outcome::kEqualExact);
  for (const auto& [symbol, value] : cells) {
    const SamplePoint point{.kind = K::kGiven, .key = key, .symbol = symbol, .value = &value};
    if (const auto outcome = RefutedAt(point, natural, 128, complex_values, budget)) return *outcome;
  }
  for (uint32_t more = 0; more < kMorePoints; ++more) {
    const SamplePoint point{.kind = more % 4 == 0 ? K::kLarge : K::kWide, .index = index + more, .key = key};
    if (const auto outcome = RefutedAt(point, natural, 128, complex_values, budget)) return *outcome;
  }
  // Once more with digits enough to see a tiny difference.
  const int64_t fine = std::min<int64_t>(512, options_.budget.ball_bits);
  if (const auto outcome =
          RefutedAt({.kind = K::kUnit, .index = 2, .key = key}, natural, fine, complex_values, budget))
    return *outcome;
  return Decided(Rule::kUndecided, Outcome::kUndecided);
}

bool Comparer::SameTree(const Operand& a, const Operand& b, int depth) {
  constexpr int kMaxDepth = 100;
  const Node &x = a.node(), &y = b.node();
  if (depth > kMaxDepth || ++structural_ > kMaxStructural || x.kind != y.kind || x.count != y.count ||
      x.flag != y.flag)
    return false;
  if (x.kind == Kind::kNumber) return a.tree->numbers[x.value].value == b.tree->numbers[y.value].value;
  if (x.kind == Kind::kOpaque || x.kind == Kind::kRelation || x.value != y.value) return false;
  for (uint32_t i = 0; i < x.count; ++i) {
    if (!SameTree(a.Kid(i), b.Kid(i), depth + 1)) return false;
  }
  return true;
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
  return Decided(Rule::kAlike, all);
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
