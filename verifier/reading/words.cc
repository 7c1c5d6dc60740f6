#include "verifier/reading/words.h"

#include <utility>

#include "verifier/reading/word_table.h"

namespace drover::verifier {
namespace {

constexpr CommandInfo Fn(Function f) { return {Token::kFunction, static_cast<uint8_t>(f)}; }
constexpr CommandInfo Rel(Relation r) { return {Token::kRelation, static_cast<uint8_t>(r)}; }
constexpr CommandInfo Con(Constant c) { return {Token::kConstant, static_cast<uint8_t>(c)}; }

// Spelled alike in LaTeX and in plain text. A function is called by the first spelling of its row, which is the alphabetically first.
constexpr WordRow<CommandInfo> kSharedWords[] = {{"sin", Fn(Function::kSin)},
                                                 {"cos", Fn(Function::kCos)},
                                                 {"tan tg", Fn(Function::kTan)},
                                                 {"cot ctg", Fn(Function::kCot)},
                                                 {"sec", Fn(Function::kSec)},
                                                 {"csc", Fn(Function::kCsc)},
                                                 {"arcsin asin", Fn(Function::kArcsin)},
                                                 {"acos arccos", Fn(Function::kArccos)},
                                                 {"arctan arctg atan", Fn(Function::kArctan)},
                                                 {"arccot", Fn(Function::kArccot)},
                                                 {"arcsec", Fn(Function::kArcsec)},
                                                 {"arccsc", Fn(Function::kArccsc)},
                                                 {"sinh", Fn(Function::kSinh)},
                                                 {"cosh", Fn(Function::kCosh)},
                                                 {"tanh", Fn(Function::kTanh)},
                                                 {"coth", Fn(Function::kCoth)},
                                                 {"sech", Fn(Function::kSech)},
                                                 {"csch", Fn(Function::kCsch)},
                                                 {"arcsinh arsinh asinh", Fn(Function::kArsinh)},
                                                 {"acosh arccosh arcosh", Fn(Function::kArcosh)},
                                                 {"arctanh artanh atanh", Fn(Function::kArtanh)},
                                                 {"ln", Fn(Function::kLn)},
                                                 {"log", Fn(Function::kLog)},
                                                 {"lg", {Token::kFunction, kDecimalLog}},
                                                 {"exp", Fn(Function::kExp)},
                                                 {"gcd", Fn(Function::kGcd)},
                                                 {"lcm", Fn(Function::kLcm)},
                                                 {"max", Fn(Function::kMax)},
                                                 {"min", Fn(Function::kMin)},
                                                 {"arg", Fn(Function::kArg)},
                                                 {"det", Fn(Function::kDet)},
                                                 {"pi", Con(Constant::kPi)},
                                                 {"sgn", Fn(Function::kSign)},
                                                 {"cis", {Token::kFunction, kCis}}};

constexpr WordRow<CommandInfo> kLatexWords[] = {
    {"frac dfrac tfrac cfrac nicefrac sfrac xfrac flatfrac", {Token::kFraction}},
    {"sqrt surd", {Token::kRoot}},
    {"binom dbinom tbinom", {Token::kBinomial}},
    {"choose", {Token::kChoose}},
    {"over", {Token::kOver}},
    {"times", {Token::kCross}},
    {"cdot ast star bullet", {Token::kTimes}},
    {"div slash", {Token::kSlash}},
    {"pm", {Token::kPlusMinus}},
    {"mp", {Token::kMinusPlus}},
    {"le leq leqslant leqq", Rel(Relation::kLessEqual)},
    {"ge geq geqslant geqq", Rel(Relation::kGreaterEqual)},
    {"lt", Rel(Relation::kLess)},
    {"gt", Rel(Relation::kGreater)},
    {"ne neq", Rel(Relation::kNotEqual)},
    {"in", Rel(Relation::kIn)},
    {"approx approxeq simeq sim doteq", Rel(Relation::kApprox)},
    {"equiv", Rel(Relation::kEquiv)},
    {"infty infin", Con(Constant::kInfinity)},
    {"imath", Con(Constant::kI)},
    {"jmath", {Token::kJ}},
    {"cup bigcup", {Token::kUnion}},
    {"cap", {Token::kIntersection}},
    {"lor vee", {Token::kConnective, 'o'}},
    {"land wedge", {Token::kConnective, 'a'}},
    {"setminus backslash smallsetminus", {Token::kSetMinus}},
    {"emptyset varnothing", {Token::kEmptySet}},
    {"mid", {Token::kMid}},
    {"vert lvert rvert", {Token::kBar}},
    {"Vert lVert rVert |", {Token::kDoubleBar}},
    {"lfloor", {Token::kLeftFloor}},
    {"rfloor", {Token::kRightFloor}},
    {"lceil", {Token::kLeftCeil}},
    {"rceil", {Token::kRightCeil}},
    {"langle", {Token::kLeftAngle}},
    {"rangle", {Token::kRightAngle}},
    {"lbrace", {Token::kLeftSet}},
    {"rbrace", {Token::kRightSet}},
    {"lbrack", {Token::kLeftBracket}},
    {"rbrack", {Token::kRightBracket}},
    {"pmod", {Token::kPmod}},
    {"mod bmod", {Token::kMod}},
    {"circ degree degrees", {Token::kDegree}},
    {"prime", {Token::kPrime}},
    {"dots ldots cdots dotsc", {Token::kDots}},
    {"overline bar", {Token::kOverline}},
    {"vec overrightarrow", {Token::kAccent, 'v'}},
    {"hat widehat", {Token::kAccent, 'h'}},
    {"tilde widetilde", {Token::kAccent, 't'}},
    {"boldsymbol bm underline", {Token::kAccent}},
    {"dot", {Token::kAccent, 'd'}},
    {"ddot", {Token::kAccent, 'D'}},
    {"boxed fbox framebox", {Token::kBox}},
    {"begin", {Token::kBegin}},
    {"end", {Token::kEndEnvironment}},
    {"sum", {Token::kBigOperator, 's'}},
    {"prod", {Token::kBigOperator, 'p'}},
    {"int", {Token::kBigOperator, 'i'}},
    {"iint", {Token::kBigOperator, 'j'}},
    {"oint", {Token::kBigOperator, 'o'}},
    {"lim", {Token::kBigOperator, 'l'}},
    {"partial", {Token::kBigOperator, 'd'}},
    {"Re", Fn(Function::kRe)},
    {"Im", Fn(Function::kIm)},
    {"pounds", {Token::kCurrency, 1}},
    {"euro", {Token::kCurrency, 2}},
    {"yen", {Token::kCurrency, 3}},
    {"textdollar mathdollar", {Token::kCurrency, 0}},
    {"to rightarrow", {Token::kBigOperator, 'a'}},
    {"therefore implies Rightarrow Longrightarrow", {Token::kConclusion}},
    {"not", {Token::kNot}},
    {"colon", {Token::kColon}},
    {"rupee", {Token::kCurrency, 4}},
    {"root", {Token::kPlainRoot}},
    {"of", {Token::kOf}},
    {"cr newline", {Token::kNewRow}},
    {"matrix pmatrix bmatrix", {Token::kPlainMatrix}}};

constexpr WordRow<CommandInfo> kPlainWords[] = {{"sqrt", {Token::kRoot}},
                                                {"infinity inf oo", Con(Constant::kInfinity)},
                                                {"abs", Fn(Function::kAbs)},
                                                {"floor", Fn(Function::kFloor)},
                                                {"ceil", Fn(Function::kCeil)},
                                                {"Re", Fn(Function::kRe)},
                                                {"Im", Fn(Function::kIm)},
                                                {"and AND", {Token::kConnective, 'a'}},
                                                {"or OR", {Token::kConnective, 'o'}},
                                                {"mod", {Token::kMod}},
                                                {"Pi", Con(Constant::kPi)},
                                                {"binom", {Token::kBinomial}},
                                                {"USD", {Token::kCurrency, 0}},
                                                {"GBP", {Token::kCurrency, 1}},
                                                {"EUR", {Token::kCurrency, 2}},
                                                {"to", {Token::kColon}},
                                                {"cbrt", {Token::kCubeRoot}}};

constexpr std::string_view kTextCommands =
    "text textbf textit textrm textnormal texttt textsf textup textsc mbox hbox mathrm mathbf mathit "
    "mathsf mathtt emph operatorname rm bf it mathnormal textmd mathop mathcal mathfrak";

constexpr std::string_view kSpacingCommands =
    "quad qquad left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm "
    "displaystyle textstyle scriptstyle limits nolimits nonumber notag thinspace medspace thickspace "
    "enspace space negthinspace mathstrut strut hfill break allowbreak square nobreak null relax rm "
    "bf it large Large small normalsize scriptsize ensuremath hline noindent centering blacksquare "
    "checkmark qed LARGE huge Huge tiny footnotesize hfil smash boldmath";

constexpr std::string_view kGreekLetters =
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "rho varrho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi "
    "Psi Omega Upsilon ell hbar angle triangle nabla perp";

// Functions that signs stand for, and those that only one of the two spells in letters.
constexpr std::pair<std::string_view, Function> kUnspelledFunctions[] = {
    {"abs", Function::kAbs},
    {"floor", Function::kFloor},
    {"ceil", Function::kCeil},
    {"re", Function::kRe},
    {"im", Function::kIm},
    {"conj", Function::kConj},
    {"transpose", Function::kTranspose},
    {"factorial", Function::kFactorial},
    {"double_factorial", Function::kDoubleFactorial},
    {"binomial", Function::kBinomial},
    {"root", Function::kRoot},
    {"gamma", Function::kGamma},
    {"mod", Function::kMod},
    {"permutations", Function::kPermutations}};

struct Nothing {};

template <size_t kSlots>
constexpr WordTable<Nothing, kSlots> SetOf(std::string_view words) {
  WordTable<Nothing, kSlots> set;
  set.AddEach(words, {});
  return set;
}

constexpr auto kTextCommandSet = SetOf<64>(kTextCommands);
constexpr auto kSpacingCommandSet = SetOf<128>(kSpacingCommands);

// All commands in one table; text and spacing commands under tokens of their own.
constexpr auto kCommands = [] {
  WordTable<CommandInfo, 1024> all;
  all.AddAll(kLatexWords);
  all.AddAll(kSharedWords);
  all.AddEach(kGreekLetters, {Token::kSymbol});
  all.AddEach(kTextCommands, {Token::kTextCommand});
  all.AddEach(kSpacingCommands, {Token::kSpacing});
  all.AddEach("mathbb Bbb", {Token::kBlackboard});
  return all;
}();

constexpr auto kPlain = [] {
  WordTable<CommandInfo, 256> all;
  all.AddAll(kSharedWords);
  all.AddAll(kPlainWords);
  return all;
}();

std::optional<CommandInfo> Found(const CommandInfo* info) {
  return info == nullptr ? std::nullopt : std::optional(*info);
}

}  // namespace

Relation Mirror(Relation relation) {
  switch (relation) {
    case Relation::kLess:
      return Relation::kGreater;
    case Relation::kLessEqual:
      return Relation::kGreaterEqual;
    case Relation::kGreater:
      return Relation::kLess;
    case Relation::kGreaterEqual:
      return Relation::kLessEqual;
    default:
      return relation;
  }
}

std::optional<CommandInfo> FindCommand(std::string_view name) { return Found(kCommands.Find(name)); }

std::string_view CanonicalSymbol(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kVariants[] = {{"varphi", "phi"},
                                                                                {"varepsilon", "epsilon"},
                                                                                {"vartheta", "theta"},
                                                                                {"varrho", "rho"},
                                                                                {"varsigma", "sigma"}};
  for (const auto& [variant, plain] : kVariants) {
    if (name == variant) return plain;
  }
  return name;
}

bool IsTextCommand(std::string_view name) { return kTextCommandSet.Find(name) != nullptr; }
bool IsSpacingCommand(std::string_view name) { return kSpacingCommandSet.Find(name) != nullptr; }

bool IsKnownCommand(std::string_view name) { return kCommands.Find(name) != nullptr; }

std::optional<CommandInfo> FindPlainWord(std::string_view word) { return Found(kPlain.Find(word)); }

std::string_view FunctionName(Function function) {
  for (const auto& [name, named] : kUnspelledFunctions) {
    if (named == function) return name;
  }
  for (const auto& [words, info] : kSharedWords) {
    const bool same = info.token == Token::kFunction && info.value == static_cast<uint8_t>(function);
    if (same) return words.substr(0, words.find(' '));
  }
  return "?";
}

}  // namespace drover::verifier
