// The rules that decide, as one table: in the order in which they are asked, with what each of them may say.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace drover::verifier {

enum class Rule : uint8_t {
  kNone,  // no rule was reached
  kRational,
  kChoice,
  kDate,
  kTime,
  kBytes,
  kIdentical,
  kReader,
  kNames,
  kKind,
  kUnit,
  kInfinity,
  kRounded,
  kNormalForm,
  kResidues,
  kBalls,
  kSamplePoints,
  kUndefined,
  kKernels,
  kCalcium,
  kAlike,
  kCongruence,
  kRatio,
  kShape,
  kSize,
  kElements,
  kSet,
  kPieces,
  kEnds,
  kRelation,
  kProportional,
  kText,
  kBudget,
  kUndecided,
};

// What a rule may say where it applies.
enum class Power : uint8_t {
  kDecides,   // equal or different
  kConfirms,  // equal; else the next rule is asked
  kRefutes,   // different; else the next rule is asked
  kStops,     // neither: reward 0 with a reason of its own
};

struct RuleInfo {
  Rule rule;
  std::string_view name;
  Power power;
  std::string_view sentence;
};

std::span<const RuleInfo> AllRules();
const RuleInfo& InfoOf(Rule rule);
// "decides", "only confirms", "only refutes", "stops".
std::string_view PowerName(Power power);

}  // namespace drover::verifier
