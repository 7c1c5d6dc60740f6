#include "verifier/reading/words.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "verifier/chars.h"

namespace drover::verifier {
namespace {

using CommandMap = std::unordered_map<std::string_view, CommandInfo>;

constexpr CommandInfo Fn(Function f) { return {Token::kFunction, static_cast<uint8_t>(f)}; }
constexpr CommandInfo Rel(Relation r) { return {Token::kRelation, static_cast<uint8_t>(r)}; }
constexpr CommandInfo Con(Constant c) { return {Token::kConstant, static_cast<uint8_t>(c)}; }

// Spelled alike in LaTeX and in plain text.
const CommandMap& SharedWords() {
  static const CommandMap& map =
      *new CommandMap{{"sin", Fn(Function::kSin)},        {"cos", Fn(Function::kCos)},
                      {"tan", Fn(Function::kTan)},        {"tg", Fn(Function::kTan)},
                      {"cot", Fn(Function::kCot)},        {"ctg", Fn(Function::kCot)},
                      {"sec", Fn(Function::kSec)},        {"csc", Fn(Function::kCsc)},
                      {"arcsin", Fn(Function::kArcsin)},  {"arccos", Fn(Function::kArccos)},
                      {"arctan", Fn(Function::kArctan)},  {"arctg", Fn(Function::kArctan)},
                      {"arccot", Fn(Function::kArccot)},  {"arcsec", Fn(Function::kArcsec)},
                      {"arccsc", Fn(Function::kArccsc)},  {"asin", Fn(Function::kArcsin)},
                      {"acos", Fn(Function::kArccos)},    {"atan", Fn(Function::kArctan)},
                      {"sinh", Fn(Function::kSinh)},      {"cosh", Fn(Function::kCosh)},
                      {"tanh", Fn(Function::kTanh)},      {"coth", Fn(Function::kCoth)},
                      {"sech", Fn(Function::kSech)},      {"csch", Fn(Function::kCsch)},
                      {"arcsinh", Fn(Function::kArsinh)}, {"arsinh", Fn(Function::kArsinh)},
                      {"arccosh", Fn(Function::kArcosh)}, {"arcosh", Fn(Function::kArcosh)},
                      {"arctanh", Fn(Function::kArtanh)}, {"artanh", Fn(Function::kArtanh)},
                      {"asinh", Fn(Function::kArsinh)},   {"acosh", Fn(Function::kArcosh)},
                      {"atanh", Fn(Function::kArtanh)},   {"ln", Fn(Function::kLn)},
                      {"log", Fn(Function::kLog)},        {"lg", {Token::kFunction, kDecimalLog}},
                      {"exp", Fn(Function::kExp)},        {"gcd", Fn(Function::kGcd)},
                      {"lcm", Fn(Function::kLcm)},        {"max", Fn(Function::kMax)},
                      {"min", Fn(Function::kMin)},        {"arg", Fn(Function::kArg)},
                      {"det", Fn(Function::kDet)},        {"pi", Con(Constant::kPi)},
                      {"sgn", Fn(Function::kSign)},       {"cis", {Token::kFunction, kCis}}};
  return map;
}

const CommandMap& LatexWords() {
  static const CommandMap& map = *new CommandMap{{"frac", {Token::kFraction}},
                                                 {"dfrac", {Token::kFraction}},
                                                 {"tfrac", {Token::kFraction}},
                                                 {"cfrac", {Token::kFraction}},
                                                 {"nicefrac", {Token::kFraction}},
                                                 {"sfrac", {Token::kFraction}},
                                                 {"xfrac", {Token::kFraction}},
                                                 {"flatfrac", {Token::kFraction}},
                                                 {"sqrt", {Token::kRoot}},
                                                 {"surd", {Token::kRoot}},
                                                 {"binom", {Token::kBinomial}},
                                                 {"dbinom", {Token::kBinomial}},
                                                 {"tbinom", {Token::kBinomial}},
                                                 {"choose", {Token::kChoose}},
                                                 {"over", {Token::kOver}},
                                                 {"times", {Token::kCross}},
                                                 {"cdot", {Token::kTimes}},
                                                 {"ast", {Token::kTimes}},
                                                 {"star", {Token::kTimes}},
                                                 {"bullet", {Token::kTimes}},
                                                 {"div", {Token::kSlash}},
                                                 {"slash", {Token::kSlash}},
                                                 {"pm", {Token::kPlusMinus}},
                                                 {"mp", {Token::kMinusPlus}},
                                                 {"le", Rel(Relation::kLessEqual)},
                                                 {"leq", Rel(Relation::kLessEqual)},
                                                 {"leqslant", Rel(Relation::kLessEqual)},
                                                 {"leqq", Rel(Relation::kLessEqual)},
                                                 {"ge", Rel(Relation::kGreaterEqual)},
                                                 {"geq", Rel(Relation::kGreaterEqual)},
                                                 {"geqslant", Rel(Relation::kGreaterEqual)},
                                                 {"geqq", Rel(Relation::kGreaterEqual)},
                                                 {"lt", Rel(Relation::kLess)},
                                                 {"gt", Rel(Relation::kGreater)},
                                                 {"ne", Rel(Relation::kNotEqual)},
                                                 {"neq", Rel(Relation::kNotEqual)},
                                                 {"in", Rel(Relation::kIn)},
                                                 {"approx", Rel(Relation::kApprox)},
                                                 {"approxeq", Rel(Relation::kApprox)},
                                                 {"simeq", Rel(Relation::kApprox)},
                                                 {"sim", Rel(Relation::kApprox)},
                                                 {"doteq", Rel(Relation::kApprox)},
                                                 {"equiv", Rel(Relation::kEquiv)},
                                                 {"infty", Con(Constant::kInfinity)},
                                                 {"infin", Con(Constant::kInfinity)},
                                                 {"imath", Con(Constant::kI)},
                                                 {"jmath", {Token::kJ}},
                                                 {"cup", {Token::kUnion}},
                                                 {"bigcup", {Token::kUnion}},
                                                 {"cap", {Token::kIntersection}},
                                                 {"lor", {Token::kConnective, 'o'}},
                                                 {"vee", {Token::kConnective, 'o'}},
                                                 {"land", {Token::kConnective, 'a'}},
                                                 {"wedge", {Token::kConnective, 'a'}},
                                                 {"setminus", {Token::kSetMinus}},
                                                 {"backslash", {Token::kSetMinus}},
                                                 {"smallsetminus", {Token::kSetMinus}},
                                                 {"emptyset", {Token::kEmptySet}},
                                                 {"varnothing", {Token::kEmptySet}},
                                                 {"mid", {Token::kMid}},
                                                 {"vert", {Token::kBar}},
                                                 {"lvert", {Token::kBar}},
                                                 {"rvert", {Token::kBar}},
                                                 {"Vert", {Token::kDoubleBar}},
                                                 {"lVert", {Token::kDoubleBar}},
                                                 {"rVert", {Token::kDoubleBar}},
                                                 {"|", {Token::kDoubleBar}},
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
                                                 {"mod", {Token::kMod}},
                                                 {"bmod", {Token::kMod}},
                                                 {"circ", {Token::kDegree}},
                                                 {"degree", {Token::kDegree}},
                                                 {"degrees", {Token::kDegree}},
                                                 {"prime", {Token::kPrime}},
                                                 {"dots", {Token::kDots}},
                                                 {"ldots", {Token::kDots}},
                                                 {"cdots", {Token::kDots}},
                                                 {"dotsc", {Token::kDots}},
                                                 {"overline", {Token::kOverline}},
                                                 {"bar", {Token::kOverline}},
                                                 {"vec", {Token::kAccent, 'v'}},
                                                 {"hat", {Token::kAccent, 'h'}},
                                                 {"widehat", {Token::kAccent, 'h'}},
                                                 {"tilde", {Token::kAccent, 't'}},
                                                 {"overrightarrow", {Token::kAccent, 'v'}},
                                                 {"boldsymbol", {Token::kAccent}},
                                                 {"bm", {Token::kAccent}},
                                                 {"underline", {Token::kAccent}},
                                                 {"dot", {Token::kAccent, 'd'}},
                                                 {"ddot", {Token::kAccent, 'D'}},
                                                 {"widetilde", {Token::kAccent, 't'}},
                                                 {"boxed", {Token::kBox}},
                                                 {"fbox", {Token::kBox}},
                                                 {"framebox", {Token::kBox}},
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
                                                 {"textdollar", {Token::kCurrency, 0}},
                                                 {"to", {Token::kBigOperator, 'a'}},
                                                 {"rightarrow", {Token::kBigOperator, 'a'}},
                                                 {"therefore", {Token::kConclusion}},
                                                 {"implies", {Token::kConclusion}},
                                                 {"Rightarrow", {Token::kConclusion}},
                                                 {"Longrightarrow", {Token::kConclusion}},
                                                 {"not", {Token::kNot}},
                                                 {"colon", {Token::kColon}},
                                                 {"rupee", {Token::kCurrency, 4}},
                                                 {"mathdollar", {Token::kCurrency, 0}},
                                                 {"root", {Token::kPlainRoot}},
                                                 {"of", {Token::kOf}},
                                                 {"cr", {Token::kNewRow}},
                                                 {"newline", {Token::kNewRow}},
                                                 {"matrix", {Token::kPlainMatrix}},
                                                 {"pmatrix", {Token::kPlainMatrix}},
                                                 {"bmatrix", {Token::kPlainMatrix}}};
  return map;
}

const CommandMap& PlainWords() {
  static const CommandMap& map =
      *new CommandMap{{"sqrt", {Token::kRoot}},          {"infinity", Con(Constant::kInfinity)},
                      {"inf", Con(Constant::kInfinity)}, {"oo", Con(Constant::kInfinity)},
                      {"abs", Fn(Function::kAbs)},       {"floor", Fn(Function::kFloor)},
                      {"ceil", Fn(Function::kCeil)},     {"Re", Fn(Function::kRe)},
                      {"Im", Fn(Function::kIm)},         {"and", {Token::kConnective, 'a'}},
                      {"or", {Token::kConnective, 'o'}}, {"AND", {Token::kConnective, 'a'}},
                      {"OR", {Token::kConnective, 'o'}}, {"mod", {Token::kMod}},
                      {"Pi", Con(Constant::kPi)},        {"binom", {Token::kBinomial}},
                      {"USD", {Token::kCurrency, 0}},    {"GBP", {Token::kCurrency, 1}},
                      {"EUR", {Token::kCurrency, 2}},    {"to", {Token::kColon}},
                      {"cbrt", {Token::kCubeRoot}}};
  return map;
}

using WordSet = std::unordered_set<std::string_view>;

const WordSet& TextCommands() {
  static const WordSet& set = *new WordSet{
      "text", "textbf", "textit", "textrm",     "textnormal", "texttt", "textsf",  "textup",  "textsc",
      "mbox", "hbox",   "mathrm", "mathbf",     "mathit",     "mathsf", "mathtt",  "emph",    "operatorname",
      "rm",   "bf",     "it",     "mathnormal", "textmd",     "mathop", "mathcal", "mathfrak"};
  return set;
}

const WordSet& SpacingCommands() {
  static const WordSet& set = *new WordSet{
      "quad",       "qquad",    "left",         "right",        "middle",       "big",        "Big",
      "bigg",       "Bigg",     "bigl",         "bigr",         "Bigl",         "Bigr",       "biggl",
      "biggr",      "Biggl",    "Biggr",        "bigm",         "displaystyle", "textstyle",  "scriptstyle",
      "limits",     "nolimits", "nonumber",     "notag",        "thinspace",    "medspace",   "thickspace",
      "enspace",    "space",    "negthinspace", "mathstrut",    "strut",        "hfill",      "break",
      "allowbreak", "square",   "nobreak",      "null",         "relax",        "rm",         "bf",
      "it",         "large",    "Large",        "small",        "normalsize",   "scriptsize", "ensuremath",
      "hline",      "noindent", "centering",    "blacksquare",  "checkmark",    "qed",        "LARGE",
      "huge",       "Huge",     "tiny",         "footnotesize", "hfil",         "smash",      "boldmath"};
  return set;
}

const WordSet& GreekLetters() {
  static const WordSet& set = *new WordSet{
      "alpha",    "beta",  "gamma",   "delta",  "epsilon",  "varepsilon", "zeta", "eta",   "theta",
      "vartheta", "iota",  "kappa",   "lambda", "mu",       "nu",         "xi",   "rho",   "varrho",
      "sigma",    "tau",   "upsilon", "phi",    "varphi",   "chi",        "psi",  "omega", "Gamma",
      "Delta",    "Theta", "Lambda",  "Xi",     "Pi",       "Sigma",      "Phi",  "Psi",   "Omega",
      "Upsilon",  "ell",   "hbar",    "angle",  "triangle", "nabla",      "perp"};
  return set;
}

template <class Map>
std::optional<typename Map::mapped_type> Find(const Map& map, std::string_view key) {
  const auto it = map.find(key);
  if (it == map.end()) return std::nullopt;
  return it->second;
}

}  // namespace

namespace {

// All commands in one map; text and spacing commands under tokens of their own.
const CommandMap& AllCommands() {
  static const CommandMap& map = *[] {
    auto* all = new CommandMap(LatexWords());
    all->insert(SharedWords().begin(), SharedWords().end());
    for (const std::string_view name : GreekLetters()) all->emplace(name, CommandInfo{Token::kSymbol});
    for (const std::string_view name : TextCommands()) all->emplace(name, CommandInfo{Token::kTextCommand});
    for (const std::string_view name : SpacingCommands()) all->emplace(name, CommandInfo{Token::kSpacing});
    all->emplace("mathbb", CommandInfo{Token::kBlackboard});
    all->emplace("Bbb", CommandInfo{Token::kBlackboard});
    return all;
  }();
  return map;
}

}  // namespace

std::optional<CommandInfo> FindCommand(std::string_view name) { return Find(AllCommands(), name); }

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

bool IsTextCommand(std::string_view name) { return TextCommands().count(name) != 0; }
bool IsSpacingCommand(std::string_view name) { return SpacingCommands().count(name) != 0; }

bool IsKnownCommand(std::string_view name) { return !name.empty() && FindCommand(name).has_value(); }

std::optional<CommandInfo> FindPlainWord(std::string_view word) {
  if (auto info = Find(SharedWords(), word)) return info;
  return Find(PlainWords(), word);
}

std::string_view FunctionName(Function function) {
  switch (function) {
    case Function::kAbs:
      return "abs";
    case Function::kFloor:
      return "floor";
    case Function::kCeil:
      return "ceil";
    case Function::kRe:
      return "re";
    case Function::kIm:
      return "im";
    case Function::kConj:
      return "conj";
    case Function::kTranspose:
      return "transpose";
    case Function::kFactorial:
      return "factorial";
    case Function::kDoubleFactorial:
      return "double_factorial";
    case Function::kBinomial:
      return "binomial";
    case Function::kRoot:
      return "root";
    case Function::kGamma:
      return "gamma";
    case Function::kMod:
      return "mod";
    case Function::kPermutations:
      return "permutations";
    default:
      break;
  }
  // Of several spellings the alphabetically first, so that the answer does not depend on the map's order.
  std::string_view best = "?";
  for (const auto& [name, info] : SharedWords()) {
    const bool same = info.token == Token::kFunction && info.value == static_cast<uint8_t>(function);
    if (same && (best == "?" || name < best)) best = name;
  }
  return best;
}

}  // namespace drover::verifier
