// The dispatch over kinds, private to compare.cc, compare_sets.cc and compare_relations.cc.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verifier/equality/kernels.h"
#include "verifier/equality/scalar.h"
#include "verifier/reading/units.h"

namespace drover::verifier {

// One part of a set of reals. An end without a node is infinite; a point has both ends closed and equal.
struct Piece {
  Operand low, high;
  bool low_open = true, high_open = true;
};

class Matcher {
 public:
  Matcher(const Options& options, Names* names, Rule* rule) : options_(options), rule_(rule) {
    scratch_.names = names;
    scratch_.nodes.reserve(64);
  }

  Outcome Match(Operand gold, Operand response);

 private:
  static constexpr int kMaxDepth = 60;
  static constexpr size_t kMaxScratch = 20'000;  // nodes; past them a copy is an unreadable text
  static constexpr size_t kMaxUnordered = 256;   // elements matched in any order
  static constexpr size_t kMaxDistinct = 64;     // elements of a set whose repetitions are looked for

  struct Named {
    Operand value;
    Operand name;  // id kNoNode: none
  };

  // What a number is of, and the number.
  struct Measure {
    Operand value;
    Unit unit;
    std::string words;    // of the unit, as they stand there
    bool marked = false;  // there is a sign or a word at all
  };

  // compare.cc
  Outcome MatchValues(const Operand& gold, const Operand& response);
  Outcome MatchScalars(const Operand& gold, const Operand& response);
  std::optional<Outcome> MatchNotation(const Operand& gold, const Operand& response);
  std::optional<Operand> InUnitVectors(const Operand& side, const Operand& other);
  Operand Meaning(const Operand& side, const Operand& other);
  Outcome MatchRemainder(const Operand& congruence, const Operand& plain);
  Outcome MatchText(const Operand& gold, const Operand& response);
  Outcome MatchRatios(const Operand& gold, const Operand& response);
  Outcome MatchCongruences(const Operand& gold, const Operand& response);
  Outcome MatchMatrices(const Operand& gold, const Operand& response);
  Outcome InOrder(const std::vector<Operand>& gold, const std::vector<Operand>& response);
  Outcome AnyOrder(const std::vector<Operand>& gold, const std::vector<Operand>& response);
  std::vector<Operand> Distinct(const std::vector<Operand>& elements);
  Outcome MatchCollections(const Operand& gold, const Operand& response);

  // compare_units.cc
  Measure Measured(const Operand& operand);
  Outcome MatchMeasures(const Operand& gold, const Operand& response);
  Outcome MatchOneMeasure(const Measure& gold, const Measure& response);
  Outcome MatchPercent(const Operand& percent, const Operand& plain, bool of_gold);
  Outcome MatchAngle(const Measure& gold, const Measure& response);
  Operand Times(const Operand& value, const Rational& factor);

  // compare_names.cc
  std::optional<std::vector<Named>> NamedParts(const Operand& operand) const;
  std::optional<Outcome> MatchNamedParts(const Operand& gold, const Operand& response);
  Outcome MatchByName(const std::vector<Named>& gold, const std::vector<Named>& response);

  // compare_relations.cc
  Named Unwrap(const Operand& operand) const;
  Named Renamed(const Named& gold, const Named& response);
  static bool NamesValue(Function function);
  bool IsName(const Operand& operand) const;
  bool ChainHolds(const Operand& chain, uint32_t count) const;
  bool Near(const Operand& a, const Operand& b) const;
  bool SameName(const Operand& a, const Operand& b) const;
  Outcome MatchRelations(const Operand& gold, const Operand& response);
  Operand SideDifference(const Operand& equation, const std::vector<std::pair<uint32_t, NodeId>>& at);
  NodeId Substituted(NodeId id, const std::vector<std::pair<uint32_t, NodeId>>& at);
  bool Proportional(const Operand& gold, const Operand& response, bool need_positive, bool* negative);
  bool Truth(const Operand& relation);

  // compare_sets.cc
  using CombinePieces = std::optional<std::vector<Piece>> (Matcher::*)(const std::vector<Piece>&,
                                                                       const std::vector<Piece>&);
  std::optional<std::vector<Piece>> Pieces(const Operand& operand, int depth);
  std::optional<std::vector<Piece>> EndPieces(const Operand& ends, bool low_open, bool high_open) const;
  std::optional<std::vector<Piece>> PointPieces(const Operand& set) const;
  std::optional<std::vector<Piece>> RelationPieces(const Operand& relation, int depth);
  std::optional<std::vector<Piece>> UnionPieces(const Operand& operand, int depth);
  std::optional<std::vector<Piece>> FoldedPieces(const Operand& operand, int depth, CombinePieces combine);
  std::optional<std::vector<Piece>> InequalityPieces(const Operand& operand);
  std::optional<std::vector<Piece>> Ray(const Operand& variable, const Operand& bound, Relation relation);
  std::optional<std::vector<Piece>> Intersect(const std::vector<Piece>& a, const std::vector<Piece>& b);
  std::optional<std::vector<Piece>> Remove(const std::vector<Piece>& from, const std::vector<Piece>& what);
  std::optional<std::vector<Piece>> Normalised(std::vector<Piece> pieces);
  bool OtherVariable(const Operand& gold, const Operand& response) const;
  Outcome MatchPieces(const Operand& gold, const Operand& response);
  std::optional<int> CompareEnds(const Operand& a, bool a_high, const Operand& b, bool b_high);

  // compare_inequalities.cc
  struct SignChange {
    Operand at;
    bool odd;  // the sign changes there
    bool pole;
  };
  NodeId NodeOf(const Terms& terms);
  std::optional<int> ConstantSign(NodeId id);
  bool RealRoots(const std::vector<Terms>& coefficients, std::vector<Operand>* out);
  bool RootsOf(const Terms& terms, uint64_t symbol, bool pole, const Kernels& kernels,
               std::vector<SignChange>* out, int* sign);
  std::optional<std::vector<Piece>> SignPieces(const Terms& top, const Terms& bottom, uint64_t symbol,
                                               Relation relation, const Kernels& kernels);
  std::optional<std::vector<Piece>> Solve(const Operand& left, const Operand& right, Relation relation);

  Outcome Decided(Rule rule, Outcome outcome) {
    if (rule_ != nullptr) *rule_ = rule;
    return outcome;
  }
  Operand Scratch(NodeId id) const { return {&scratch_, id}; }
  NodeId Copy(const Operand& from, int depth = 0);
  Operand Negated(const Operand& operand);

  static std::vector<Operand> Kids(const Operand& operand) {
    std::vector<Operand> out;
    for (uint32_t i = 0; i < operand.node().count; ++i) out.push_back(operand.Kid(i));
    return out;
  }

  const Options& options_;
  Rule* const rule_;
  Tree scratch_;  // nodes made while comparing
  int depth_ = 0;
};

// A number with a percent sign, a sign of degrees or a unit.
bool IsMeasured(Kind kind);
// Intervals, unions, number sets, inequalities: what Pieces() can read besides tuples and sets.
bool IsRealSet(const Operand& operand);
bool IsInequality(const Operand& operand);

}  // namespace drover::verifier
