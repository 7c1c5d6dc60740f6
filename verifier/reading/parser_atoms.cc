#include <array>
#include <utility>

#include "verifier/chars.h"
#include "verifier/reading/parser_impl.h"

namespace drover::verifier {

// factor := atom postfix*, postfix := '^' script | '!' | '%' | degree | prime.
NodeId Parser::Factor() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const NodeId atom = Atom();
  if (atom == kNoNode) return kNoNode;
  const bool letter = tree_[atom].kind == Kind::kSymbol && At(Token::kLeftParen) && letters_apply_;
  return letter && !IsMod(Ahead(1)) ? Application(atom) : Postfix(atom);
}

// "^{-1}(".
bool Parser::AtInverse() const {
  return At(Token::kCaret) && Ahead(1).token == Token::kLeftBrace && Ahead(2).token == Token::kMinus &&
         Ahead(3).token == Token::kNumber && tree_.numbers[Ahead(3).value].value.is_one() &&
         Ahead(4).token == Token::kRightBrace && Ahead(5).token == Token::kLeftParen;
}

// A number, symbol or constant, perhaps with a sign.
bool Parser::IsAtomic(NodeId id) const {
  if (tree_[id].kind == Kind::kNegate) id = tree_.Kid(id, 0);
  const Kind kind = tree_[id].kind;
  return kind == Kind::kNumber || kind == Kind::kSymbol || kind == Kind::kConstant;
}

// "(A|B)" and "(A \mid B)" from the bracket on.
bool Parser::HasCondition() const {
  int depth = 0, bars = 0;
  for (size_t i = at_; i < tokens_.size(); ++i) {
    const Token token = tokens_[i].token;
    if (token == Token::kLeftParen) ++depth;
    if (token == Token::kRightParen && --depth == 0) break;
    if (depth == 1) bars += token == Token::kBar || token == Token::kMid;
    if (token == Token::kEnd || i > at_ + 200) return false;
  }
  return bars == 1;
}

NodeId Parser::ConditionalApplication(uint32_t name) {
  ++at_;
  const int bars = std::exchange(bars_, 1);
  const Items event = ReadItems();
  const bool bar = event.ok && (Accept(Token::kBar) || Accept(Token::kMid));
  const Items condition = bar ? ReadItems() : Items{};
  bars_ = bars;
  if (!condition.ok || !Accept(Token::kRightParen)) return kNoNode;
  const auto one = [this](const Items& items) {
    return items.items.size() == 1 ? items.items[0] : Group(items.items, items.flags);
  };
  const uint32_t id = tree_.names->Intern((*tree_.names)[name] + "|");
  if (id == Names::kMaxNames) return budget_.Exceed(), kNoNode;
  return tree_.Add(Kind::kApply, {one(event), one(condition)}, id);
}

// A letter before a round bracket: an application, or a product of the letter and the bracket where the bracket is no
// argument (a point, a matrix).
NodeId Parser::Application(NodeId letter) {
  const uint32_t name = tree_[letter].value;
  if (HasCondition()) return Postfix(ConditionalApplication(name));
  const NodeId inside = Parenthesised();
  if (inside == kNoNode) return kNoNode;
  const Kind kind = tree_[inside].kind;
  const bool event = kind == Kind::kUnion || kind == Kind::kIntersection || kind == Kind::kSetMinus ||
                     kind == Kind::kRelation;
  if (event) return Postfix(tree_.Add(Kind::kApply, {inside}, name));
  if (kind > Kind::kOpaque || kind == Kind::kPlusMinus) {
    const NodeId group = Postfix(inside);
    return group == kNoNode ? kNoNode : tree_.Add(Kind::kProduct, {letter, group});
  }
  const auto flag = static_cast<uint8_t>(kMaybeProduct | (IsAtomic(inside) ? 0 : kCompound));
  return Postfix(tree_.Add(Kind::kApply, {inside}, name, flag));
}

NodeId Parser::Postfix(NodeId base) {
  int rounds = 0;
  while (base != kNoNode && ++rounds <= 8) {
    if (At(Token::kLeftBrace) && Ahead(1).token == Token::kRightBrace) at_ += 2;  // "45{}^\circ"
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

// What reads the atom that starts with a token; nullptr: none does.
constinit const std::array<Parser::AtomReader, Parser::kTokens> Parser::kAtoms = [] {
  std::array<AtomReader, kTokens> table{};
  const auto set = [&table](Token token, AtomReader reader) { table[static_cast<size_t>(token)] = reader; };
  set(Token::kNumber, &Parser::Leaf<Kind::kNumber>);
  set(Token::kText, &Parser::Leaf<Kind::kText>);
  set(Token::kNumberSet, &Parser::Leaf<Kind::kNumberSet>);
  set(Token::kSymbol, &Parser::Symbol);
  set(Token::kConstant, &Parser::NamedConstant);
  set(Token::kFunction, &Parser::FunctionCall);
  set(Token::kDots, &Parser::Ellipsis);
  set(Token::kLeftBrace, &Parser::BracesOrPrescript);
  set(Token::kUnderscore, &Parser::Prescript);
  set(Token::kCaret, &Parser::Prescript);
  set(Token::kLeftParen, &Parser::Parenthesised);
  set(Token::kLeftBracket, &Parser::Parenthesised);
  set(Token::kRightBracket, &Parser::Parenthesised);
  set(Token::kLeftSet, &Parser::BracedSet);
  set(Token::kLeftAngle, &Parser::Angle);
  set(Token::kLeftFloor, &Parser::Floor);
  set(Token::kLeftCeil, &Parser::Ceiling);
  set(Token::kBar, &Parser::Absolute);
  set(Token::kDoubleBar, &Parser::Absolute);
  set(Token::kFraction, &Parser::Fraction);
  set(Token::kRoot, &Parser::Root);
  set(Token::kPlainRoot, &Parser::Root);
  set(Token::kCubeRoot, &Parser::Root);
  set(Token::kBinomial, &Parser::Binomial);
  set(Token::kBegin, &Parser::Environment);
  set(Token::kPlainMatrix, &Parser::PlainMatrix);
  set(Token::kEmptySet, &Parser::EmptySet);
  set(Token::kOverline, &Parser::Overlined);
  set(Token::kAccent, &Parser::Accented);
  set(Token::kBox, &Parser::Boxed);
  set(Token::kBigOperator, &Parser::BigOperator);
  set(Token::kCurrency, &Parser::Currency);
  return table;
}();

NodeId Parser::Atom() {
  const AtomReader reader = kAtoms[static_cast<size_t>(Type())];
  return reader == nullptr ? kNoNode : (this->*reader)();
}

NodeId Parser::NamedConstant() {
  return Ahead(1).token == Token::kUnderscore ? Symbol() : Leaf<Kind::kConstant>();
}

NodeId Parser::Ellipsis() {  // "1, 2, ..., 10"
  ++at_;
  return tree_.AddText(Kind::kText, "...");
}

NodeId Parser::BracesOrPrescript() {
  const Token third = Ahead(2).token;
  const bool empty = Ahead(1).token == Token::kRightBrace;
  if (!empty || (third != Token::kUnderscore && third != Token::kCaret)) return Braces();
  at_ += 2;
  return Prescript();
}

NodeId Parser::EmptySet() {
  ++at_;
  return tree_.Add(Kind::kSet);
}

NodeId Parser::Overlined() {
  ++at_;
  const NodeId inside = Argument();
  return inside == kNoNode ? kNoNode : Call(Function::kConj, {inside});
}

NodeId Parser::Boxed() {
  ++at_;
  return Argument();
}

// \hat, \tilde and dots over a letter make another letter; an arrow leaves it as it is, and so does a hat over a unit vector.
// No number has such a mark.
NodeId Parser::Accented() {
  const uint32_t mark = Now().value;
  ++at_;
  const NodeId inside = Argument();
  if (inside == kNoNode || mark == 0) return inside;
  if (IsLiteral(inside)) return kNoNode;
  if (mark == 'v' || tree_[inside].kind != Kind::kSymbol) return inside;
  const std::string& name = (*tree_.names)[tree_[inside].value];
  if (mark == 'h' && (name == "j" || name == "k")) return inside;
  const uint32_t id = tree_.names->Intern(name + "^" + static_cast<char>(mark));
  return id == Names::kMaxNames ? (budget_.Exceed(), kNoNode) : tree_.Add(Kind::kSymbol, {}, id);
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
  // "f^{-1}(3)"; other letters before "^{-1}(" are powers.
  const char letter = name[0];
  const bool function = name.size() > 1 && name[1] == '\'' ? true : (name.size() == 1 || name[1] == '_');
  const bool callable = letter == 'f' || letter == 'g' || letter == 'h' || letter == 'F' || letter == 'G';
  if (function && callable && AtInverse()) {
    at_ += 5;
    NodeIds arguments;
    if (FunctionArgument(&arguments) == kNoNode) return kNoNode;
    const uint32_t inverse = tree_.names->Intern(name + "^{-1}");
    if (inverse == Names::kMaxNames) return budget_.Exceed(), kNoNode;
    return tree_.Add(Kind::kApply, arguments, inverse);
  }
  if (function && callable && At(Token::kLeftParen)) {
    NodeIds arguments;
    if (HasCondition()) return ConditionalApplication(id);
    if (FunctionArgument(&arguments) == kNoNode) return kNoNode;
    const bool prime = name.find('\'') != name.npos;
    const auto flag = static_cast<uint8_t>(kFunctionName | (IsAtomic(arguments[0]) ? 0 : kCompound) |
                                           (arguments.size() == 1 && !prime ? kMaybeProduct : 0));
    return tree_.Add(Kind::kApply, arguments, id, flag);
  }
  return tree_.Add(Kind::kSymbol, {}, id);
}

}  // namespace drover::verifier
