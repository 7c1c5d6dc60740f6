#include "verifier/scalar.h"

#include <algorithm>
#include <initializer_list>

#include "verifier/algebraic.h"
#include "verifier/ball.h"
#include "verifier/form.h"
#include "verifier/rational.h"
#include "verifier/residue.h"

namespace drover::verifier {
namespace {

constexpr int64_t kMaxHugeBits = 16'384;  // of the last look at numbers with hundreds of digits
constexpr int kMaxStructural = 1'000;     // parts that are compared as they are written
constexpr int kMinRoundedDigits = 3;      // a gold of fewer significant digits is taken as exact
constexpr int kMinPrintedDigits = 15;     // a response of so many significant digits is a printed double
constexpr int kMaxPrintedDigits = 20;

// A walk without recursion over everything below `start`, each node once: products of matrices share their parts, and a
// shared part of a shared part would be seen exponentially often. Children have smaller ids than their parents.
template <class Visit>
void Walk(const Operand& start, Visit visit) {
  std::vector<NodeId> stack = {start.id};
  std::vector<bool> seen(start.id + 1, false);
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    const Node& node = (*start.tree)[id];
    visit(node);
    for (uint32_t i = 0; i < node.count; ++i) stack.push_back(start.tree->Kid(id, i));
  }
}

struct Traits {
  bool plain_log = false;  // \log without a base
  bool infinite = false;
  bool imaginary = false;     // i stands in it
  bool integer_like = false;  // factorials, binomials, (-1)^n, cos(n pi): equal perhaps at integers only
  bool complex_like = false;  // conj, Re, Im, arg
  bool undecidable = false;   // integrals, limits, unknown parts
  bool structure = false;     // not a scalar
};

Traits TraitsOf(const Operand& operand) {
  Traits out;
  Walk(operand, [&out](const Node& node) {
    switch (node.kind) {
      case Kind::kConstant:
        out.imaginary = out.imaginary || static_cast<Constant>(node.value) == Constant::kI;
        out.infinite = out.infinite || static_cast<Constant>(node.value) == Constant::kInfinity;
        break;
      case Kind::kFunction: {
        const auto function = static_cast<Function>(node.value);
        out.plain_log = out.plain_log || (function == Function::kLog && node.count == 1);
        out.integer_like = out.integer_like || function == Function::kFactorial ||
                           function == Function::kBinomial || function == Function::kCos ||
                           function == Function::kSin;
        out.complex_like = out.complex_like || function == Function::kConj || function == Function::kRe ||
                           function == Function::kIm || function == Function::kArg;
        break;
      }
      case Kind::kPower:
        out.integer_like = true;
        break;
      case Kind::kOpaque:
        out.undecidable = true;
        break;
      case Kind::kNumber:
      case Kind::kSymbol:
      case Kind::kSum:
      case Kind::kProduct:
      case Kind::kNegate:
      case Kind::kInverse:
      case Kind::kApply:
      case Kind::kPercent:
      case Kind::kDegree:
      case Kind::kRelation:  // the range of a sum
        break;
      default:
        out.structure = true;
    }
  });
  return out;
}

enum class Overlap { kDisjoint, kOverlap, kUnusable, kUnsupported };

class Comparer {
 public:
  Comparer(const Operand& gold, const Operand& response, const Options& options, std::string* rule)
      : gold_(gold), response_(response), options_(options), rule_(rule) {}

  Outcome Run() {
    const Traits a = TraitsOf(gold_), b = TraitsOf(response_);
    if (a.structure || b.structure) return Outcome::kDifferent;
    if (a.infinite || b.infinite) return Infinite(a, b);
    if (auto outcome = Rationals()) return *outcome;
    if (RoundedMatch()) return Decided("rounded", Outcome::kEqualNumeric);
    const bool two_bases = a.plain_log || b.plain_log;
    Outcome outcome = WithBase(/*natural=*/false, a, b);
    if (two_bases && !IsEqual(outcome)) {
      const Outcome natural = WithBase(/*natural=*/true, a, b);
      if (IsEqual(natural)) return natural;
    }
    return outcome;
  }

 private:
  Outcome Decided(const char* rule, Outcome outcome) {
    if (rule_ != nullptr) *rule_ = rule;
    return outcome;
  }

  Budget NewBudget(int64_t share) const {
    BudgetLimits limits = options_.budget;
    limits.operations /= share;
    return Budget(limits);
  }

  // +-infinity, alone or with a sign, equals only itself.
  Outcome Infinite(const Traits& a, const Traits& b) {
    const auto sign = [](const Operand& x) {
      Operand at = x;
      int sign = 1;
      while (at.node().kind == Kind::kNegate || (at.node().kind == Kind::kSum && at.node().count == 1)) {
        if (at.node().kind == Kind::kNegate) sign = -sign;
        at = at.Kid(0);
      }
      const bool infinity =
          at.node().kind == Kind::kConstant && static_cast<Constant>(at.node().value) == Constant::kInfinity;
      return infinity ? sign : 0;
    };
    if (a.infinite != b.infinite) return Decided("infinity", Outcome::kDifferent);
    const int left = sign(gold_), right = sign(response_);
    if (left == 0 || right == 0) return Outcome::kUndecided;
    return Decided("infinity", left == right ? Outcome::kEqualExact : Outcome::kDifferent);
  }

  std::optional<Outcome> Rationals() {
    Budget left = NewBudget(1), right = NewBudget(1);
    gold_value_ = RationalValue(*gold_.tree, gold_.id, left);
    response_value_ = RationalValue(*response_.tree, response_.id, right);
    over_ = left.over() || right.over();
    if (!gold_value_ || !response_value_) return std::nullopt;
    if (*gold_value_ == *response_value_) return Decided("rational", Outcome::kEqualExact);
    if (RoundedMatch()) return Decided("rounded", Outcome::kEqualNumeric);
    return Decided("rational", Outcome::kDifferent);
  }

  static const Literal* DecimalLiteral(const Operand& operand, bool* negative) {
    Operand at = operand;
    *negative = false;
    if (at.node().kind == Kind::kNegate) {
      *negative = true;
      at = at.Kid(0);
    }
    if (at.node().kind != Kind::kNumber) return nullptr;
    const Literal& literal = at.tree->numbers[at.node().value];
    return literal.decimals > 0 && !literal.exact && !literal.scientific ? &literal : nullptr;
  }

  static bool Terminates(const Rational& value) {
    Rational den;
    fmpz_set(den.num(), value.den());
    fmpz_remove(den.num(), den.num(), Rational(2).num());
    fmpz_remove(den.num(), den.num(), Rational(5).num());
    return fmpz_is_one(den.num()) != 0;
  }

  // The documented rule for rounded decimals. (1) The gold is a decimal of at least three significant digits and the
  // response an exact value that no terminating decimal equals: equal if the response rounds to the gold. (2) The gold
  // is exact and the response a decimal of 15 to 20 significant digits, as programs print doubles: equal if it is off by
  // less than one unit of its last digit. (3) Options::rounding_digits.
  bool RoundedMatch() {
    bool negative = false;
    const Literal* gold = DecimalLiteral(gold_, &negative);
    const Literal* response = DecimalLiteral(response_, &negative);
    const int digits = options_.rounding_digits;
    if (digits >= 0 && (gold != nullptr || response != nullptr)) {
      const int places =
          std::min({digits, gold ? gold->decimals : digits, response ? response->decimals : digits});
      return Within(places, 2);
    }
    const bool open_response = response == nullptr && !(response_value_ && Terminates(*response_value_));
    if (gold != nullptr && gold->digits >= kMinRoundedDigits && open_response)
      return Within(gold->decimals, 2);
    const bool open_gold = gold == nullptr && !(gold_value_ && Terminates(*gold_value_));
    const bool printed = response != nullptr && response->digits >= kMinPrintedDigits &&
                         (response->digits <= kMaxPrintedDigits || response->cut);
    return printed && open_gold && Within(response->decimals, 1);
  }

  // |gold - response| <= 10^-places / halves, by balls.
  bool Within(int places, int halves) {
    Budget budget = NewBudget(4);
    Ball a, b;
    const BallOptions options;
    const int64_t bits = 128 + int64_t{places} * 4;
    if (bits > options_.budget.ball_bits || !FreeSymbols(gold_).empty() || !FreeSymbols(response_).empty())
      return false;
    if (EvaluateBall(*gold_.tree, gold_.id, options, bits, budget, &a) != BallStatus::kOk) return false;
    if (EvaluateBall(*response_.tree, response_.id, options, bits, budget, &b) != BallStatus::kOk)
      return false;
    if (acb_is_real(a.get()) == 0 || acb_is_real(b.get()) == 0) return false;
    Rational bound(10);
    fmpz_pow_ui(bound.num(), bound.num(), static_cast<ulong>(places));
    fmpq_inv(bound.get(), bound.get());
    fmpq_div_fmpz(bound.get(), bound.get(), Rational(halves).num());
    arb_sub(a.real(), a.real(), b.real(), bits);
    arb_abs(a.real(), a.real());
    arb_set_fmpq(b.real(), bound.get(), bits);
    return arb_gt(a.real(), b.real()) == 0;
  }

  Outcome WithBase(bool natural, const Traits& a, const Traits& b) {
    if (auto outcome = Forms(natural)) return *outcome;
    const bool symbols = !FreeSymbols(gold_).empty() || !FreeSymbols(response_).empty();
    if (symbols) {
      if (auto outcome = Residues()) return *outcome;
    }
    const Outcome outcome = symbols ? Sampled(natural, a, b) : Constants(natural);
    if (outcome == Outcome::kUndecided && (a.undecidable || b.undecidable))
      return Structural(gold_, response_, 0);
    return outcome == Outcome::kUndecided && over_ ? Decided("budget", Outcome::kOverBudget) : outcome;
  }

  std::optional<Outcome> Forms(bool natural) {
    Budget budget = NewBudget(32);  // longer forms cost more than residues or balls do
    Form a, b;
    const FormOptions options{.log_is_natural = natural};
    const bool built = BuildForm(*gold_.tree, gold_.id, options, budget, &a) &&
                       BuildForm(*response_.tree, response_.id, options, budget, &b);
    over_ = over_ || budget.over();
    if (!built) return std::nullopt;
    switch (CompareForms(a, b, budget)) {
      case FormVerdict::kEqual:
        return Decided("normal form", Outcome::kEqualExact);
      case FormVerdict::kDifferent:
        return Decided("normal form", Outcome::kDifferent);
      case FormVerdict::kUnknown:
        return std::nullopt;
    }
    return std::nullopt;
  }

  // Equal residues at random points modulo two primes: the polynomials differ with probability under 2^-90.
  std::optional<Outcome> Residues() {
    Budget budget = NewBudget(8);
    for (int round = 0; round < 2; ++round) {
      const auto a = EvaluateResidue(*gold_.tree, gold_.id, round, budget);
      const auto b = a ? EvaluateResidue(*response_.tree, response_.id, round, budget) : std::nullopt;
      if (!a || !b) return std::nullopt;
      if (a->value == b->value) continue;
      if (a->has_constants || b->has_constants) return std::nullopt;
      return Decided("residues", Outcome::kDifferent);
    }
    return Decided("residues", Outcome::kEqualNumeric);
  }

  Overlap At(const SamplePoint& point, bool natural, int64_t bits, bool* real) {
    Budget budget = NewBudget(16);
    const BallOptions options{.point = point, .log_is_natural = natural};
    Ball a, b;
    const BallStatus left = EvaluateBall(*gold_.tree, gold_.id, options, bits, budget, &a);
    const BallStatus right = EvaluateBall(*response_.tree, response_.id, options, bits, budget, &b);
    over_ = over_ || budget.over();
    if (left == BallStatus::kUnsupported || right == BallStatus::kUnsupported) return Overlap::kUnsupported;
    left_defined_ = left == BallStatus::kOk, right_defined_ = right == BallStatus::kOk;
    if (left != BallStatus::kOk || right != BallStatus::kOk) return Overlap::kUnusable;
    magnitude_ = std::max(Magnitude(a), Magnitude(b));
    if (real != nullptr) {  // as far as the balls tell: artanh(0.9) has an imaginary part of 0 +- 2^-126
      *real = arb_contains_zero(a.imag()) != 0 && arb_contains_zero(b.imag()) != 0;
    }
    return acb_overlaps(a.get(), b.get()) != 0 ? Overlap::kOverlap : Overlap::kDisjoint;
  }

  // Bits before the point of the larger part.
  static int64_t Magnitude(const Ball& ball) {
    mag_t bound;
    mag_init(bound);
    acb_get_mag(bound, ball.get());
    const int64_t bits = fmpz_fits_si(MAG_EXPREF(bound)) != 0 ? fmpz_get_si(MAG_EXPREF(bound)) : 0;
    mag_clear(bound);
    return bits;
  }
  bool Huge() const { return magnitude_ > 100; }

  Outcome Constants(bool natural) {
    bool defined = false, left = false, right = false;
    for (int64_t bits = 64; bits <= options_.budget.ball_bits; bits *= bits < 256 ? 2 : 4) {
      const Overlap overlap = At({}, natural, bits, nullptr);
      if (overlap == Overlap::kUnsupported) return Outcome::kUndecided;
      if (overlap == Overlap::kDisjoint) return Decided("balls", Outcome::kDifferent);
      defined = overlap == Overlap::kOverlap;
      left = left || left_defined_, right = right || right_defined_;
      if (bits == 256 && defined) {
        Budget budget = NewBudget(8);
        const AlgebraicVerdict verdict = CompareExactly(gold_, response_, natural, budget);
        if (verdict == AlgebraicVerdict::kEqual) return Decided("calcium", Outcome::kEqualExact);
        if (verdict == AlgebraicVerdict::kDifferent) return Decided("calcium", Outcome::kDifferent);
      }
    }
    if (defined && Huge()) {
      const int64_t bits = std::min(kMaxHugeBits, options_.budget.ball_bits + 2 * magnitude_);
      if (At({}, natural, bits, nullptr) == Overlap::kDisjoint) return Decided("balls", Outcome::kDifferent);
    }
    if (defined) return Decided("balls to full precision", Outcome::kEqualNumeric);
    // A pole or 0/0 on one side only, not for want of budget.
    if (left != right && !over_) return Decided("undefined", Outcome::kDifferent);
    return Outcome::kUndecided;
  }

  Outcome Sampled(bool natural, const Traits& a, const Traits& b) {
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

  // Sequences: equal at positive integers though not between them, as (-1)^n and cos(n pi).
  bool AtIntegers(bool natural) {
    if (!IntegerPattern(gold_) && !IntegerPattern(response_)) return false;
    for (uint32_t i = 0; i < 6; ++i) {
      if (At({SamplePoint::Kind::kInteger, i}, natural, 128, nullptr) != Overlap::kOverlap) return false;
    }
    return true;
  }

  // A negative base to a symbolic power, a circular function of a symbol times pi, or a factorial.
  static bool IntegerPattern(const Operand& operand) {
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

  // Integrals, limits and infinite sums: equal if written alike, part by part.
  Outcome Structural(const Operand& a, const Operand& b, int depth) {
    if (depth > 40 || ++structural_ > kMaxStructural) return Outcome::kOverBudget;
    const Node &x = a.node(), &y = b.node();
    const bool opaque = TraitsOf(a).undecidable || TraitsOf(b).undecidable;
    if (!opaque) return CompareScalars(a, b, options_);
    if (x.kind != y.kind || x.count != y.count) return Outcome::kUndecided;
    if (x.kind == Kind::kOpaque && a.tree->texts[x.value] != b.tree->texts[y.value])
      return Outcome::kUndecided;
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

  Outcome RelationParts(const Operand& a, const Operand& b, int depth) {
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

  const Operand gold_, response_;
  const Options& options_;
  std::string* const rule_;
  std::optional<Rational> gold_value_, response_value_;
  bool over_ = false;
  int structural_ = 0;                                 // calls of Structural()
  int64_t magnitude_ = 0;                              // of the last At()
  bool left_defined_ = false, right_defined_ = false;  // of the last At()
};

}  // namespace

std::vector<uint32_t> FreeSymbols(const Operand& operand) {
  std::vector<uint32_t> out;
  Walk(operand, [&out](const Node& node) {
    const bool symbol = node.kind == Kind::kSymbol || node.kind == Kind::kApply;
    if (symbol && std::find(out.begin(), out.end(), node.value) == out.end()) out.push_back(node.value);
  });
  return out;
}

Outcome CompareScalars(const Operand& gold, const Operand& response, const Options& options,
                       std::string* rule) {
  return Comparer(gold, response, options, rule).Run();
}

std::optional<int> CompareReals(const Operand& a, const Operand& b, const Options& options) {
  if (IsEqual(CompareScalars(a, b, options))) return 0;
  Budget budget(options.budget);
  Ball x, y;
  const BallOptions at;
  if (EvaluateBall(*a.tree, a.id, at, 128, budget, &x) != BallStatus::kOk) return std::nullopt;
  if (EvaluateBall(*b.tree, b.id, at, 128, budget, &y) != BallStatus::kOk) return std::nullopt;
  if (acb_is_real(x.get()) == 0 || acb_is_real(y.get()) == 0) return std::nullopt;
  if (arb_lt(x.real(), y.real()) != 0) return -1;
  if (arb_gt(x.real(), y.real()) != 0) return 1;
  return std::nullopt;
}

}  // namespace drover::verifier
