// The comparison of two scalars, private to scalar_comparer.cc, scalar_rounding.cc and scalar_symbols.cc.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifier/equality/ball.h"
#include "verifier/equality/rational.h"
#include "verifier/equality/scalar.h"

namespace drover::verifier {

constexpr int64_t kMaxHugeBits = 16'384;  // of the last look at numbers with hundreds of digits
constexpr int kMaxStructural = 1'000;     // parts that are compared as they are written
constexpr int kMinRoundedDigits = 3;      // a gold of fewer significant digits is taken as exact
constexpr int kMinPrintedDigits = 15;     // a response of so many significant digits is a printed double
constexpr int kMaxPrintedDigits = 20;

struct Traits {
  bool plain_log = false;  // \log without a base
  bool infinite = false;
  bool imaginary = false;     // i stands in it
  bool complex_like = false;  // conj, Re, Im, arg
  bool undecidable = false;   // integrals, limits, unknown parts
  bool structure = false;     // not a scalar
};

Traits TraitsOf(const Operand& operand);

enum class Overlap { kDisjoint, kOverlap, kUnusable, kUnsupported };

class Comparer {
 public:
  Comparer(const Operand& gold, const Operand& response, const Options& options, Rule* rule)
      : gold_(gold), response_(response), options_(options), rule_(rule) {}

  Outcome Run();

 private:
  Outcome Decided(Rule rule, Outcome outcome) {
    if (rule_ != nullptr) *rule_ = rule;
    return outcome;
  }

  Budget NewBudget(int64_t share) const;

  // +-infinity, alone or with a sign, equals only itself.
  Outcome Infinite(const Traits& a, const Traits& b);

  std::optional<Outcome> Rationals();

  static const Literal* DecimalLiteral(const Operand& operand, bool* negative);

  static bool Terminates(const Rational& value);

  // The documented rule for rounded decimals. (1) Options::rounded_golds: the gold is a decimal, no integer, of at least three significant digits and the
  // response an exact value that no terminating decimal equals: equal if the response rounds to the gold. (2) The gold
  // is exact and the response a decimal of 15 to 20 significant digits, as programs print doubles: equal if it is off by
  // less than one unit of its last digit. (3) Options::rounding_digits.
  bool RoundedMatch();

  // |gold - response| <= 10^-places / halves, by balls.
  bool Within(int places, int halves);

  Outcome WithBase(bool natural, const Traits& a, const Traits& b);

  std::optional<Outcome> Forms(bool natural);

  std::optional<Outcome> Residues();

  Overlap At(const SamplePoint& point, bool natural, int64_t bits, Budget& budget);

  // Bits before the point of the larger part.
  static int64_t Magnitude(const Ball& ball);
  bool Huge() const { return magnitude_ > 100; }

  Outcome Constants(bool natural);

  // scalar_symbols.cc: expressions with free symbols.
  Outcome Symbolic(bool natural, const Traits& a, const Traits& b);
  // kDifferent where one of the points shows it; nullopt: none does.
  std::optional<Outcome> Refuted(const std::vector<SamplePoint>& points, bool natural, bool complex_values,
                                 Budget& budget);
  std::optional<Outcome> RefutedAt(const SamplePoint& point, bool natural, int64_t bits, bool complex_values,
                                   Budget& budget);
  bool Proved(bool natural, bool complex_symbols, bool complex_values,
              std::vector<std::pair<uint32_t, Rational>>* points);
  uint64_t Key() const;

  // The same expression, node by node.
  bool SameTree(const Operand& a, const Operand& b, int depth);

  // Integrals, limits and infinite sums: equal if written alike, part by part.
  Outcome Structural(const Operand& a, const Operand& b, int depth);

  Outcome RelationParts(const Operand& a, const Operand& b, int depth);

  const Operand gold_, response_;
  const Options& options_;
  Rule* const rule_;
  std::optional<Rational> gold_value_, response_value_;
  bool over_ = false;
  int structural_ = 0;                                 // calls of Structural() and SameTree()
  int64_t magnitude_ = 0;                              // of the last At()
  bool left_defined_ = false, right_defined_ = false;  // of the last At()
  bool left_real_ = false, right_real_ = false;        // as far as the balls tell: not proved to be unreal
  std::vector<uint32_t> integers_;                     // symbols that the gold says are integers
  int usable_ = 0;                                     // points at which both sides had values to compare
  bool ever_left_ = false, ever_right_ = false;        // had a value at some point
  bool unsupported_ = false;                           // a function that balls do not know
};

}  // namespace drover::verifier
