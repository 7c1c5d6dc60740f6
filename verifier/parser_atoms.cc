#include <utility>

#include "verifier/chars.h"
#include "verifier/parser_impl.h"

namespace drover::verifier {

// factor := atom postfix*, postfix := '^' script | '!' | '%' | degree | prime.
NodeId Parser::Factor() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const NodeId atom = Atom();
  return atom == kNoNode ? kNoNode : Postfix(atom);
}

NodeId Parser::Postfix(NodeId base) {
  int rounds = 0;
  while (base != kNoNode && ++rounds <= 8) {
    if (At(Token::kCaret)) {
      const Token next = Ahead(1).token;
      const bool braces = next == Token::kLeftBrace;
      const Token inside = braces ? Ahead(2).token : next;
      if (inside == Token::kDegree) {
        at_ += braces ? 4 : 2;
        base = tree_.Add(Kind::kDegree, {base});
        continue;
      }
      ++at_;
      const bool transpose = inside == Token::kSymbol && (*tree_.names)[Ahead(braces ? 1 : 0).value] == "T" &&
                             tree_[base].kind == Kind::kMatrix;
      const NodeId exponent = Script();
      if (exponent == kNoNode) return kNoNode;
      base = transpose ? Call(Function::kTranspose, {base}) : tree_.Add(Kind::kPower, {base, exponent});
    } else if (At(Token::kBang)) {
      ++at_;
      const bool twice = Accept(Token::kBang);
      base = Call(twice ? Function::kDoubleFactorial : Function::kFactorial, {base});
    } else if (At(Token::kPercent)) {
      ++at_;
      base = tree_.Add(Kind::kPercent, {base});
    } else if (At(Token::kDegree)) {
      ++at_;
      base = tree_.Add(Kind::kDegree, {base});
    } else {
      return base;
    }
  }
  return rounds > 8 ? kNoNode : base;
}

// The first digit of a number token as a number of its own: "\frac12" and "x^23" take one digit, as LaTeX does.
NodeId Parser::SplitDigits(bool* split) {
  Lexeme& token = tokens_[at_];
  const std::string_view text = tree_.source.substr(token.begin, token.end - token.begin);
  *split = text.size() > 1 && IsDigit(text[0]);
  for (char c : text) *split = *split && IsDigit(c);
  if (!*split) return kNoNode;
  const NodeId first = tree_.AddInteger(text[0] - '0');
  Literal rest;
  const std::string digits(text.substr(1));
  if (static_cast<int64_t>(digits.size()) * 10 / 3 > budget_.limits().bits) return budget_.Exceed(), kNoNode;
  fmpz_set_str(rest.value.num(), digits.c_str(), 10);
  tree_.numbers.push_back(std::move(rest));
  token.value = static_cast<uint32_t>(tree_.numbers.size() - 1);
  ++token.begin;
  return first;
}

NodeId Parser::Argument() {
  if (At(Token::kNumber)) {
    bool split = false;
    const NodeId digit = SplitDigits(&split);
    if (split) return digit;
  }
  return At(Token::kLeftBrace) ? Braces() : Atom();
}

NodeId Parser::Script() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  if (At(Token::kMinus) || At(Token::kPlus)) return SignedFactor();  // "x^-2", as plain text has it
  if (At(Token::kNumber)) return Atom();  // "2^10": plain text's reading, not LaTeX's
  if (At(Token::kLeftBrace)) return Braces();
  const NodeId atom = Atom();
  // "x^x^2" without braces is a tower.
  return atom != kNoNode && At(Token::kCaret) ? Postfix(atom) : atom;
}

NodeId Parser::Atom() {
  const Lexeme token = Now();
  switch (token.token) {
    case Token::kNumber:
      ++at_;
      return tree_.Add(Kind::kNumber, {}, token.value);
    case Token::kSymbol:
      return Symbol();
    case Token::kConstant:
      ++at_;
      if (At(Token::kUnderscore)) return --at_, Symbol();
      return tree_.Add(Kind::kConstant, {}, token.value);
    case Token::kFunction:
      return FunctionCall();
    case Token::kText:
      ++at_;
      return tree_.Add(Kind::kText, {}, token.value);
    case Token::kLeftBrace:
      return Braces();
    case Token::kLeftParen:
    case Token::kLeftBracket:
    case Token::kRightBracket:
      return Parenthesised();
    case Token::kLeftSet:
      return BracedSet();
    case Token::kLeftAngle:
      return Angle();
    case Token::kLeftFloor:
      return Enclosed(Token::kRightFloor, Function::kFloor);
    case Token::kLeftCeil:
      return Enclosed(Token::kRightCeil, Function::kCeil);
    case Token::kBar:
      return Absolute(Token::kBar);
    case Token::kDoubleBar:
      return Absolute(Token::kDoubleBar);
    case Token::kFraction:
      return Fraction();
    case Token::kRoot:
      return Root();
    case Token::kBinomial:
      return Binomial();
    case Token::kBegin:
      return Environment();
    case Token::kEmptySet:
      ++at_;
      return tree_.Add(Kind::kSet);
    case Token::kNumberSet:
      ++at_;
      return tree_.Add(Kind::kNumberSet, {}, token.value);
    case Token::kOverline: {
      ++at_;
      const NodeId inside = Argument();
      return inside == kNoNode ? kNoNode : Call(Function::kConj, {inside});
    }
    case Token::kAccent:
    case Token::kBox:
      ++at_;
      return Argument();
    case Token::kBigOperator:
      return BigOperator();
    case Token::kCurrency:
      return Currency();
    default:
      return kNoNode;
  }
}

// '{' items '}': a group of one item is that item; more are a list ("{1,2}" is how sets lose their backslashes).
NodeId Parser::Braces() {
  const Nest nest(this);
  if (!nest.ok() || !Accept(Token::kLeftBrace)) return kNoNode;
  const int bars = std::exchange(bars_, 0);
  if (Accept(Token::kRightBrace)) {
    bars_ = bars;
    return tree_.Add(Kind::kText, {},
                     (tree_.texts.emplace_back(), static_cast<uint32_t>(tree_.texts.size() - 1)));
  }
  const Items inside = ReadItems();
  bars_ = bars;
  if (!inside.ok) return kNoNode;
  if (inside.items.size() == 1 && (At(Token::kChoose) || At(Token::kOver))) {
    const bool choose = At(Token::kChoose);
    ++at_;
    const NodeId lower = Sum();
    if (lower == kNoNode || !Accept(Token::kRightBrace)) return kNoNode;
    return choose ? Call(Function::kBinomial, {inside.items[0], lower}) : Divide(inside.items[0], lower);
  }
  if (!Accept(Token::kRightBrace)) return kNoNode;
  if (inside.items.size() == 1) return inside.items[0];
  return Group(inside.items, 1);
}

// Round and square brackets: grouping, tuples, intervals ("[0,1)", "]0,1[").
NodeId Parser::Parenthesised() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const Token open = Type();
  ++at_;
  const int bars = std::exchange(bars_, 0);
  const Items inside = ReadItems();
  bars_ = bars;
  const Token close = Type();
  const bool reversed = open == Token::kRightBracket;
  const bool closes = close == Token::kRightParen || close == Token::kRightBracket ||
                      (close == Token::kLeftBracket && (reversed || inside.items.size() == 2));
  if (!inside.ok || !closes) return kNoNode;
  ++at_;
  if (inside.items.size() == 1) {
    const bool matched = (open == Token::kLeftParen) == (close == Token::kRightParen) && !reversed;
    return matched ? inside.items[0] : kNoNode;
  }
  const bool round = open == Token::kLeftParen && close == Token::kRightParen;
  if (inside.items.size() > 2 || round) return tree_.Add(Kind::kTuple, inside.items);
  const uint8_t lower_open = open != Token::kLeftBracket ? 1 : 0;
  const uint8_t upper_open = close != Token::kRightBracket ? 2 : 0;
  return tree_.Add(Kind::kInterval, inside.items, 0, static_cast<uint8_t>(lower_open | upper_open));
}

// '\{' items '\}', or '\{ x \mid condition \}', which counts as its condition.
NodeId Parser::BracedSet() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  if (Accept(Token::kRightSet)) return tree_.Add(Kind::kSet);
  const int bars = std::exchange(bars_, 1);
  const Items inside = ReadItems();
  bars_ = bars;
  if (!inside.ok) return kNoNode;
  if (inside.items.size() == 1) {
    const NodeId item = inside.items[0];
    const bool ratio = tree_[item].kind == Kind::kRatio && tree_[item].count == 2;
    if (ratio && tree_[tree_.Kid(item, 1)].kind == Kind::kRelation) {
      return Accept(Token::kRightSet) ? tree_.Kid(item, 1) : kNoNode;
    }
    if (At(Token::kMid) || At(Token::kBar) || At(Token::kRelation)) {
      ++at_;
      const Items condition = ReadItems();
      if (!condition.ok || condition.items.size() != 1 || !Accept(Token::kRightSet)) return kNoNode;
      return condition.items[0];
    }
  }
  if (!Accept(Token::kRightSet)) return kNoNode;
  return tree_.Add(Kind::kSet, inside.items);
}

NodeId Parser::Angle() {
  ++at_;
  const Items inside = ReadItems();
  if (!inside.ok || !Accept(Token::kRightAngle)) return kNoNode;
  return tree_.Add(Kind::kTuple, inside.items);
}

NodeId Parser::Absolute(Token close) {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  ++bars_;
  const NodeId inside = Sum();
  --bars_;
  if (inside == kNoNode || !Accept(close)) return kNoNode;
  const bool determinant = tree_[inside].kind == Kind::kMatrix && close == Token::kBar;
  return Call(determinant ? Function::kDet : Function::kAbs, {inside});
}

NodeId Parser::Enclosed(Token close, Function function) {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  const NodeId inside = Sum();
  if (inside == kNoNode || !Accept(close)) return kNoNode;
  return Call(function, {inside});
}

// The argument of a function: a bracketed group, else factors up to the next operator or function ("\sin 2x").
NodeId Parser::FunctionArgument(std::vector<NodeId>* arguments) {
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
  std::vector<NodeId> factors;
  while (StartsFactor() && !At(Token::kFunction) && !(At(Token::kLeftParen) && !factors.empty())) {
    const NodeId factor = Factor();
    if (factor == kNoNode) return kNoNode;
    factors.push_back(factor);
  }
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
  const bool decimal_log = Now().value == kDecimalLog;
  Function function = decimal_log ? Function::kLog : static_cast<Function>(Now().value);
  ++at_;
  NodeId power = kNoNode, base = decimal_log ? tree_.AddInteger(10) : kNoNode;
  while (At(Token::kCaret) || At(Token::kUnderscore)) {
    const bool upper = At(Token::kCaret);
    ++at_;
    const NodeId script = upper ? Script() : Argument();
    if (script == kNoNode) return kNoNode;
    (upper ? power : base) = script;
  }
  std::vector<NodeId> arguments;
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
  const NodeId call = Call(function, arguments);
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

// \sqrt{x}, \sqrt[n]{x}, \sqrt x, sqrt(x).
NodeId Parser::Root() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  NodeId degree = kNoNode;
  if (Accept(Token::kLeftBracket)) {
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
    std::vector<NodeId> arguments;
    if (FunctionArgument(&arguments) == kNoNode || arguments.size() != 2) return kNoNode;
    return Call(Function::kBinomial, arguments);
  }
  const NodeId upper = Argument();
  if (upper == kNoNode) return kNoNode;
  const NodeId lower = Argument();
  return lower == kNoNode ? kNoNode : Call(Function::kBinomial, {upper, lower});
}

// A letter with its subscripts and primes; f, g, h before a round bracket are functions.
NodeId Parser::Symbol() {
  const bool constant = At(Token::kConstant);
  std::string name = constant ? std::string(tree_.source.substr(Now().begin, Now().end - Now().begin))
                              : (*tree_.names)[Now().value];
  ++at_;
  while (At(Token::kUnderscore) || At(Token::kPrime)) {
    if (Accept(Token::kPrime)) {
      name += '\'';
      continue;
    }
    ++at_;
    const size_t begin = at_;
    const NodeId script = Argument();
    if (script == kNoNode) return kNoNode;
    name += '_';
    for (size_t i = begin; i < at_; ++i) {
      if (tokens_[i].token == Token::kLeftBrace || tokens_[i].token == Token::kRightBrace) continue;
      name += tree_.source.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin);
    }
    // "\frac"-like splitting may have shortened the token: "x_12" keeps its first digit only.
    if (at_ == begin && tokens_[at_].begin > 0) name += tree_.source[tokens_[at_].begin - 1];
    if (name.size() > 64) return budget_.Exceed(), kNoNode;
  }
  const uint32_t id = tree_.names->Intern(name);
  if (id == Names::kMaxNames) return budget_.Exceed(), kNoNode;
  const char letter = name[0];
  const bool function = name.size() > 1 && name[1] == '\'' ? true : (name.size() == 1 || name[1] == '_');
  const bool callable = letter == 'f' || letter == 'g' || letter == 'h' || letter == 'F' || letter == 'G';
  if (function && callable && At(Token::kLeftParen)) {
    std::vector<NodeId> arguments;
    if (FunctionArgument(&arguments) == kNoNode) return kNoNode;
    return tree_.Add(Kind::kApply, arguments, id);
  }
  return tree_.Add(Kind::kSymbol, {}, id);
}

// \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} and its like. Other environments are transparent.
NodeId Parser::Environment() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  if (!Accept(Token::kLeftBrace)) return kNoNode;
  std::string name;
  while (!At(Token::kRightBrace) && !At(Token::kEnd)) {
    name += tree_.source.substr(Now().begin, Now().end - Now().begin);
    if (name.size() > 32) return kNoNode;
    ++at_;
  }
  if (!Accept(Token::kRightBrace)) return kNoNode;
  const bool matrix = name.find("matrix") != name.npos || name == "array";
  if (name == "array" && At(Token::kLeftBrace)) {  // the column specification
    while (!At(Token::kRightBrace) && !At(Token::kEnd)) ++at_;
    ++at_;
  }
  std::vector<NodeId> cells;
  uint32_t columns = 0, row = 0, rows = 0;
  while (!At(Token::kEndEnvironment)) {
    if (At(Token::kEnd) || Full()) return kNoNode;
    if (Accept(Token::kNewRow)) {
      if (At(Token::kEndEnvironment)) break;
      return kNoNode;
    }
    const NodeId cell = RelationChain();
    if (cell == kNoNode) return kNoNode;
    cells.push_back(cell);
    ++row;
    if (static_cast<int64_t>(cells.size()) > budget_.limits().elements) return budget_.Exceed(), kNoNode;
    if (Accept(Token::kAmpersand)) continue;
    if (rows == 0) columns = row;
    if (row != columns && matrix) return kNoNode;
    row = 0;
    ++rows;
    while (!matrix && Accept(Token::kComma)) {
    }
    if (!Accept(Token::kNewRow) && !At(Token::kEndEnvironment)) return kNoNode;
  }
  ++at_;
  if (!Accept(Token::kLeftBrace)) return kNoNode;
  while (!At(Token::kRightBrace) && !At(Token::kEnd)) ++at_;
  if (!Accept(Token::kRightBrace) || cells.empty()) return kNoNode;
  if (matrix) {
    const NodeId out = tree_.Add(Kind::kMatrix, cells, columns);
    if (name == "vmatrix") return Call(Function::kDet, {out});
    return out;
  }
  if (cells.size() == 1) return cells[0];
  return Group(cells, 0);
}

// \sum, \int, \lim and arrows are read as they stand: their scripts and the product after them become the children.
NodeId Parser::BigOperator() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  std::string name(1, static_cast<char>(Now().value));
  ++at_;
  std::vector<NodeId> parts;
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

// "\$5", "€ 3.50": the amount as a quantity; after a number the sign is read by TrailingText.
NodeId Parser::Currency() {
  const std::string unit = tree_.texts[Now().value];
  ++at_;
  if (!At(Token::kNumber) && !At(Token::kMinus) && !At(Token::kFraction)) return kNoNode;
  const bool negative = Accept(Token::kMinus);
  NodeId amount = kNoNode;
  if (!MixedNumber(&amount)) amount = Factor();
  if (amount == kNoNode) return kNoNode;
  if (negative) amount = tree_.Add(Kind::kNegate, {amount});
  return tree_.AddText(Kind::kQuantity, unit, {amount});
}

}  // namespace drover::verifier
