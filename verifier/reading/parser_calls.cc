// Functions and what is written like them: fractions, roots, binomials, sums and integrals.
#include <string>
#include <utility>
#include <vector>

#include "verifier/reading/parser_impl.h"

namespace drover::verifier {

// The argument of a function: a bracketed group, else factors up to the next operator or function ("\sin 2x").
NodeId Parser::FunctionArgument(NodeIds* arguments) {
  if (At(Token::kLeftParen) || At(Token::kLeftBracket)) {
    ++at_;
    const int bars = std::exchange(bars_, 0);
    const Items inside = ReadItems();
    bars_ = bars;
    if (!inside.ok || !(Accept(Token::kRightParen) || Accept(Token::kRightBracket))) return kNoNode;
    *arguments = inside.items;
    return inside.items[0];
  }
  bool negative = false;
  while (At(Token::kMinus)) {
    negative = !negative;
    ++at_;
  }
  NodeIds factors;
  const bool apply = std::exchange(letters_apply_, false);  // "\sin x(1+y)" ends before the bracket
  while (StartsFactor() && !At(Token::kFunction) && !(At(Token::kLeftParen) && !factors.empty())) {
    const NodeId factor = Factor();
    if (factor == kNoNode) return kNoNode;
    factors.push_back(factor);
  }
  letters_apply_ = apply;
  if (factors.empty() && At(Token::kFunction)) factors.push_back(FunctionCall());
  if (factors.empty() || factors[0] == kNoNode) return kNoNode;
  NodeId out = factors.size() == 1 ? factors[0] : tree_.Add(Kind::kProduct, factors);
  // "\ln 2 / 3" divides the logarithm, "\sin \pi/6" is the sine of a sixth of pi.
  const bool ends_in_pi = tokens_[at_ - 1].token == Token::kConstant &&
                          tokens_[at_ - 1].value == static_cast<uint32_t>(Constant::kPi);
  if (ends_in_pi && At(Token::kSlash) && Ahead(1).token == Token::kNumber) {
    ++at_;
    const NodeId bottom = Factor();
    if (bottom == kNoNode) return kNoNode;
    out = Divide(out, bottom);
  }
  if (negative) out = tree_.Add(Kind::kNegate, {out});
  *arguments = {out};
  return out;
}

namespace {

// sin^{-1} is the inverse function.
bool InverseOf(Function function, Function* out) {
  static constexpr std::pair<Function, Function> kInverses[] = {
      {Function::kSin, Function::kArcsin},  {Function::kCos, Function::kArccos},
      {Function::kTan, Function::kArctan},  {Function::kCot, Function::kArccot},
      {Function::kSec, Function::kArcsec},  {Function::kCsc, Function::kArccsc},
      {Function::kSinh, Function::kArsinh}, {Function::kCosh, Function::kArcosh},
      {Function::kTanh, Function::kArtanh}};
  for (const auto& [from, to] : kInverses) {
    if (from == function) return *out = to, true;
  }
  return false;
}

}  // namespace

NodeId Parser::FunctionCall() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const bool decimal_log = Now().value == kDecimalLog, cis = Now().value == kCis;
  Function function = decimal_log ? Function::kLog
                      : cis       ? Function::kCos
                                  : static_cast<Function>(Now().value);
  ++at_;
  NodeId power = kNoNode, base = decimal_log ? tree_.AddInteger(10) : kNoNode;
  while (At(Token::kCaret) || At(Token::kUnderscore)) {
    const bool upper = At(Token::kCaret);
    ++at_;
    const NodeId script = upper ? Script() : Argument();
    if (script == kNoNode) return kNoNode;
    (upper ? power : base) = script;
  }
  NodeIds arguments;
  if (FunctionArgument(&arguments) == kNoNode) return kNoNode;
  const bool inverse = power != kNoNode && tree_[power].kind == Kind::kNegate &&
                       IsLiteral(tree_.Kid(power, 0)) &&
                       tree_.numbers[tree_[tree_.Kid(power, 0)].value].value.is_one();
  if (inverse && InverseOf(function, &function)) power = kNoNode;
  const bool many = function == Function::kGcd || function == Function::kLcm || function == Function::kMax ||
                    function == Function::kMin;
  if (!many && arguments.size() != 1) return kNoNode;
  if (base != kNoNode) {
    if (function != Function::kLog) return kNoNode;
    arguments.push_back(base);
  }
  NodeId call = Call(function, arguments);
  if (cis) {
    const NodeId i = tree_.Add(Kind::kConstant, {}, static_cast<uint32_t>(Constant::kI));
    const NodeId sine = Call(Function::kSin, arguments);
    call = tree_.Add(Kind::kSum, {call, tree_.Add(Kind::kProduct, {i, sine})});
  }
  return power == kNoNode ? call : tree_.Add(Kind::kPower, {call, power});
}

NodeId Parser::Fraction() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  const NodeId top = Argument();
  if (top == kNoNode) return kNoNode;
  const NodeId bottom = Argument();
  return bottom == kNoNode ? kNoNode : Divide(top, bottom);
}

// \sqrt{x}, \sqrt[n]{x}, \sqrt x, sqrt(x), \root n \of x, cbrt(x).
NodeId Parser::Root() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const Token command = Type();
  ++at_;
  NodeId degree = kNoNode;
  if (command == Token::kCubeRoot) {
    degree = tree_.AddInteger(3);
  } else if (command == Token::kPlainRoot) {
    degree = At(Token::kLeftBrace) ? Braces() : Atom();
    if (degree == kNoNode || !Accept(Token::kOf)) return kNoNode;
  } else if (Accept(Token::kLeftBracket)) {
    degree = Sum();
    if (degree == kNoNode || !Accept(Token::kRightBracket)) return kNoNode;
  }
  // "\sqrt5", "√13": all digits of a number belong to it, though LaTeX would take one.
  const NodeId inside = At(Token::kLeftBrace) ? Braces() : Atom();
  if (inside == kNoNode) return kNoNode;
  if (degree == kNoNode) degree = tree_.AddInteger(2);
  return Call(Function::kRoot, {inside, degree});
}

NodeId Parser::Binomial() {
  ++at_;
  if (At(Token::kLeftParen)) {
    NodeIds arguments;
    if (FunctionArgument(&arguments) == kNoNode || arguments.size() != 2) return kNoNode;
    return Call(Function::kBinomial, arguments);
  }
  const NodeId upper = Argument();
  if (upper == kNoNode) return kNoNode;
  const NodeId lower = Argument();
  return lower == kNoNode ? kNoNode : Call(Function::kBinomial, {upper, lower});
}

// "{}_{10}C_4", "^{10}C_4", "_5P_2" from the first script on: combinations and permutations.
NodeId Parser::Prescript() {
  ++at_;
  const NodeId n = Script();
  if (n == kNoNode || !At(Token::kSymbol)) return kNoNode;
  const std::string& name = (*tree_.names)[Now().value];
  const bool combinations = name == "C", permutations = name == "P";
  ++at_;
  if ((!combinations && !permutations) || !Accept(Token::kUnderscore)) return kNoNode;
  const NodeId k = Script();
  if (k == kNoNode) return kNoNode;
  return Arrangements(combinations, n, k);
}

// n choose k, or k! times as many.
NodeId Parser::Arrangements(bool combinations, NodeId n, NodeId k) {
  const NodeId chosen = Call(Function::kBinomial, {n, k});
  return combinations ? chosen : tree_.Add(Kind::kProduct, {chosen, Call(Function::kFactorial, {k})});
}

// \sum, \int, \lim and arrows are read as they stand: their scripts and the product after them become the children.
NodeId Parser::BigOperator() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  std::string name(1, static_cast<char>(Now().value));
  ++at_;
  NodeIds parts;
  while (At(Token::kCaret) || At(Token::kUnderscore)) {
    name += At(Token::kCaret) ? '^' : '_';
    ++at_;
    parts.push_back(At(Token::kLeftBrace) ? Braces() : Argument());
    if (parts.back() == kNoNode) return kNoNode;
  }
  if (StartsFactor()) {
    parts.push_back(Product());
    if (parts.back() == kNoNode) return kNoNode;
  }
  return tree_.AddText(Kind::kOpaque, name, parts);
}

}  // namespace drover::verifier
