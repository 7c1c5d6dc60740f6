#include "verifier/rules.h"

namespace drover::verifier {
namespace {

using enum Rule;
using enum Power;

// docs/reference/math-grammar.md has the same table; a test holds them together.
constexpr RuleInfo kRules[] = {
    {kNone, "none", kStops, "no rule was reached"},
    {kRational, "rational", kDecides, "both are rational numbers: exact arithmetic"},
    {kChoice, "choice", kDecides, "compared as option letters"},
    {kDate, "date", kDecides, "compared as dates"},
    {kTime, "time", kDecides, "compared as times of day"},
    {kBytes, "bytes", kStops, "not readable as text: invalid UTF-8, or a NUL"},
    {kIdentical, "identical", kConfirms, "the same bytes"},
    {kReader, "reader", kStops, "a side could not be read as mathematics"},
    {kNames, "names", kRefutes, "inequalities in different variables"},
    {kKind, "kind", kRefutes, "answers of different kinds"},
    {kUnit, "unit", kRefutes, "different units"},
    {kInfinity, "infinity", kDecides, "compared as infinities"},
    {kRounded, "rounded", kConfirms, "one side is a rounded decimal"},
    {kNormalForm, "normal form", kDecides, "exact normal forms"},
    {kResidues, "residues", kDecides,
     "rational expressions at random points modulo random primes: the chance of an error is under 2^-64"},
    {kBalls, "balls", kRefutes, "values enclosed in balls: they are disjoint"},
    {kSamplePoints, "sample points", kRefutes,
     "values at a sample point, enclosed in balls: they are disjoint"},
    {kUndefined, "undefined", kRefutes, "one side has no value where the other has one"},
    {kKernels, "kernels", kConfirms, "exact normal forms on every cell of the domain"},
    {kCalcium, "calcium", kDecides, "both are constants: an exact decision in Calcium's fields"},
    {kAlike, "alike", kConfirms,
     "the same tree, its parts compared one by one (it is read but not evaluated)"},
    {kCongruence, "congruence", kDecides, "compared as residues of a modulus"},
    {kRatio, "ratio", kRefutes, "ratios of different lengths"},
    {kShape, "shape", kRefutes, "matrices of different shapes"},
    {kSize, "size", kRefutes, "lists or tuples of different lengths"},
    {kElements, "elements", kRefutes, "an element of the response is none of the gold's"},
    {kSet, "set", kConfirms, "the same set of numbers"},
    {kPieces, "pieces", kRefutes, "unions of different numbers of intervals or points"},
    {kEnds, "ends", kRefutes, "intervals with different ends"},
    {kRelation, "relation", kRefutes, "chains of relations of different lengths"},
    {kProportional, "proportional", kDecides, "equations or inequalities, one a multiple of the other"},
    {kText, "text", kDecides, "compared as words"},
    {kBudget, "budget", kStops, "a limit of the grade was reached before a decision"},
    {kUndecided, "undecided", kStops, "equal as far as was looked, and not proved"},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kRules); ++i) {
    if (static_cast<size_t>(kRules[i].rule) != i) return false;
  }
  return std::size(kRules) == static_cast<size_t>(kUndecided) + 1;
}
static_assert(InOrder());

}  // namespace

std::span<const RuleInfo> AllRules() { return kRules; }

const RuleInfo& InfoOf(Rule rule) { return kRules[static_cast<size_t>(rule)]; }

std::string_view PowerName(Power power) {
  switch (power) {
    case kDecides:
      return "decides";
    case kConfirms:
      return "only confirms";
    case kRefutes:
      return "only refutes";
    case kStops:
      return "stops";
  }
  return "?";
}

}  // namespace drover::verifier
