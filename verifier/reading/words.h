// What the reader knows by name: LaTeX commands, functions, units, connectives.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verifier/cas.h"

namespace drover::verifier {

enum class Token : uint8_t {
  kEnd,
  kNumber,    // Lexeme::value indexes the numbers
  kSymbol,    // value: the name's id
  kConstant,  // value: Constant
  kFunction,  // value: Function
  kText,      // value: index of the texts
  kLeftBrace,
  kRightBrace,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftSet,
  kRightSet,
  kLeftAngle,
  kRightAngle,
  kLeftFloor,
  kRightFloor,
  kLeftCeil,
  kRightCeil,
  kBar,
  kDoubleBar,
  kCaret,
  kUnderscore,
  kPlus,
  kMinus,
  kPlusMinus,
  kMinusPlus,
  kTimes,
  kCross,
  kSlash,
  kColon,
  kComma,
  kSemicolon,
  kConnective,  // and, or
  kAmpersand,
  kNewRow,
  kRelation,  // value: Relation
  kBang,
  kPrime,
  kPercent,
  kDegree,
  kCurrency,  // value: index of the texts ("usd")
  kFraction,
  kRoot,
  kBinomial,
  kChoose,
  kOver,
  kBegin,
  kEndEnvironment,
  kUnion,
  kIntersection,
  kSetMinus,
  kMid,
  kPmod,
  kMod,
  kEmptySet,
  kNumberSet,  // value: 'R', 'Z', ...
  kOverline,
  kAccent,  // value: 'v' for \vec, 'h' for \hat, 't' for \tilde, 'd' and 'D' for dots, 0 for what only sets type
  kBox,     // \boxed{...}: transparent
  kDots,
  kPlainRoot,  // \root n \of x
  kOf,
  kCubeRoot,     // cbrt
  kPlainMatrix,  // \pmatrix{...}
  kConclusion,   // \therefore, \implies: the lexer drops what stands before it
  kJ,            // \jmath: the letter
  kNot,          // \not: joined by the lexer with the relation after it
  kTextCommand,  // \text, \mathrm: the lexer reads their argument
  kSpacing,      // \quad, \left: dropped by the lexer
  kBlackboard,   // \mathbb
  kBigOperator,  // sum, product, integral, limit: read, kept opaque
  kUnknown,
};

enum class Constant : uint8_t { kPi, kE, kI, kInfinity };

enum class Relation : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kApprox,
  kEquiv
};

// The relation with its sides exchanged: a < b is b > a.
Relation Mirror(Relation relation);

enum class Function : uint8_t {
  kSin,
  kCos,
  kTan,
  kCot,
  kSec,
  kCsc,
  kArcsin,
  kArccos,
  kArctan,
  kArccot,
  kArcsec,
  kArccsc,
  kSinh,
  kCosh,
  kTanh,
  kCoth,
  kSech,
  kCsch,
  kArsinh,
  kArcosh,
  kArtanh,
  kLn,
  kLog,
  kExp,
  kAbs,
  kFloor,
  kCeil,
  kSign,
  kGcd,
  kLcm,
  kMax,
  kMin,
  kRe,
  kIm,
  kConj,
  kArg,
  kDet,
  kTranspose,
  kFactorial,
  kDoubleFactorial,
  kBinomial,
  kRoot,
  kGamma,
  kMod,
  kPermutations,
};

struct CommandInfo {
  Token token = Token::kUnknown;
  uint8_t value = 0;
};

// CommandInfo::value of `lg`, the logarithm to base 10.
constexpr uint8_t kDecimalLog = 200;
// CommandInfo::value of `cis`: cis x = cos x + i sin x.
constexpr uint8_t kCis = 201;

// A LaTeX command's meaning, its name given without the backslash.
std::optional<CommandInfo> FindCommand(std::string_view name);
bool IsKnownCommand(std::string_view name);
// A Greek letter's shape variants name one symbol: "varphi" is "phi".
std::string_view CanonicalSymbol(std::string_view name);
// \text, \mathrm, \textbf, \mbox: the argument is words.
bool IsTextCommand(std::string_view name);
// \quad, \left, \displaystyle: nothing at all.
bool IsSpacingCommand(std::string_view name);

// A function or constant that plain text spells in letters ("sqrt", "pi", "arctan", "infinity").
std::optional<CommandInfo> FindPlainWord(std::string_view word);
std::string_view FunctionName(Function function);

// A unit of measure in any of its spellings ("cm", "centimeters", "mph", "degrees").
struct UnitInfo {
  std::string_view
      base;         // the dimension's base unit ("m", "s", "kg", "usd"), or the unit's own canonical name
  int64_t num = 1;  // one unit = num/den base units
  int64_t den = 1;
};
std::optional<UnitInfo> FindUnit(std::string_view word);

// The name in the singular ("apple" for "apples") of something that word problems count; empty for other words. `word` in
// lower case.
std::string_view FindKind(std::string_view word);

}  // namespace drover::verifier
