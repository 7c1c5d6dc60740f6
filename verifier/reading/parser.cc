#include "verifier/reading/parser.h"

#include <algorithm>
#include <utility>

#include "verifier/chars.h"
#include "verifier/reading/lexer.h"
#include "verifier/reading/parser_impl.h"
#include "verifier/reading/rewrites.h"

namespace drover::verifier {
namespace {

constexpr size_t kReservedNodes = 256;  // longer answers are rare, and memory is theirs to take

}  // namespace

NodeId Parser::Answer() {
  const Items list = ReadItems();
  if (list.ok && list.items.size() == 1 &&
      (At(Token::kOver) || At(Token::kChoose))) {  // "x \over 2" without braces
    const NodeId whole = OverOrChoose(list.items[0]);
    return whole != kNoNode && At(Token::kEnd) ? whole : kNoNode;
  }
  if (!list.ok || !At(Token::kEnd)) return kNoNode;
  if (list.items.size() == 1) return list.items[0];
  return Group(list.items, list.flags);
}

NodeId Parser::Group(const NodeIds& items, uint8_t flag) { return tree_.Add(Kind::kList, items, 0, flag); }

// items := relation ((',' | ';' | and | or)+ relation)*. Semicolons part more strongly than commas: "a,b;c" is two items,
// the first of them a list.
Parser::Items Parser::ReadItems() {
  Items out;
  const LettersApply apply(this);
  NodeIds group;
  const auto separator = [this] {
    const bool line_end = At(Token::kNewRow) && environments_ == 0;
    return At(Token::kComma) || At(Token::kSemicolon) || At(Token::kConnective) || line_end;
  };
  while (separator()) {
    if (At(Token::kConnective) && Now().value == 'o') return out;  // "5 (or 6)" offers another answer
    ++at_;
  }
  while (true) {
    if (Full()) return out;
    const NodeId item = RelationChain();
    if (item == kNoNode) return out;
    group.push_back(item);
    if (static_cast<int64_t>(group.size() + out.items.size()) > budget_.limits().elements) {
      budget_.Exceed();
      return out;
    }
    if (!separator()) break;
    bool semicolon = false;
    while (separator()) {
      semicolon = semicolon || At(Token::kSemicolon);
      if (At(Token::kConnective)) out.flags |= Now().value == 'o' ? kOrList : kAndList;
      ++at_;
    }
    const bool done =
        At(Token::kEnd) || At(Token::kRightSet) || At(Token::kRightParen) || At(Token::kRightBrace);
    if (done) break;
    if (semicolon) {
      out.flags |= kSemicolonList;
      out.items.push_back(group.size() == 1 ? group[0] : Group(group, 0));
      group.clear();
    }
  }
  if ((out.flags & kSemicolonList) != 0) {
    out.items.push_back(group.size() == 1 ? group[0] : Group(group, 0));
  } else {
    out.items = std::move(group);
  }
  out.ok = true;
  return out;
}

// relation := ratio (('=' | '<' | '\in' | ...) ratio)* ['(' mod n ')'].
NodeId Parser::RelationChain() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  NodeIds sides;
  std::vector<Relation> ops;
  if (At(Token::kRelation) && (Now().value == static_cast<uint32_t>(Relation::kApprox) ||
                               Now().value == static_cast<uint32_t>(Relation::kEquiv) ||
                               Now().value == static_cast<uint32_t>(Relation::kEqual))) {
    ++at_;  // "\approx 3.14", "= 5"
  }
  sides.push_back(Ratio());
  if (sides.back() == kNoNode) return kNoNode;
  while (At(Token::kRelation)) {
    if (static_cast<int64_t>(ops.size()) >= budget_.limits().elements) return budget_.Exceed(), kNoNode;
    ops.push_back(static_cast<Relation>(Now().value));
    ++at_;
    sides.push_back(Ratio());
    if (sides.back() == kNoNode) return kNoNode;
  }
  NodeId out = sides[0];
  if (!ops.empty()) {
    const uint32_t first = static_cast<uint32_t>(tree_.relations.size());
    tree_.relations.insert(tree_.relations.end(), ops.begin(), ops.end());
    out = tree_.Add(Kind::kRelation, sides, first);
  }
  return Congruence(out);
}

// "mod" as a word of its own or in \text.
bool Parser::IsMod(const Lexeme& token) const {
  if (token.token == Token::kMod) return true;
  return token.token == Token::kText && TrimSpace(tree_.texts[token.value]) == "mod";
}

// "3 \pmod{12}", "x \equiv 3 (mod 12)", "3 \mod 12": a congruence; "17 mod 5" alone is one too.
NodeId Parser::Congruence(NodeId value) {
  const bool round = At(Token::kLeftParen) && IsMod(Ahead(1));
  if (!At(Token::kPmod) && !IsMod(Now()) && !round) return value;
  at_ += round ? 2 : 1;
  // A number with all of its digits, whatever TeX would take.
  const NodeId modulus = At(Token::kNumber) ? Product() : Argument();
  if (modulus == kNoNode || (round && !Accept(Token::kRightParen))) return kNoNode;
  return tree_.Add(Kind::kCongruence, {value, modulus});
}

// ratio := set (':' set)*.
NodeId Parser::Ratio() {
  NodeIds parts = {SetExpression()};
  if (parts[0] == kNoNode) return kNoNode;
  while (At(Token::kColon) && !colon_is_such_that_) {
    ++at_;
    parts.push_back(SetExpression());
    if (parts.back() == kNoNode) return kNoNode;
  }
  return parts.size() == 1 ? parts[0] : tree_.Add(Kind::kRatio, parts);
}

// set := sum (('\cup' | '\cap' | '\setminus') sum)*, from left to right.
NodeId Parser::SetExpression() {
  NodeId left = Sum();
  while (left != kNoNode) {
    const Token op = Type();
    if (op != Token::kUnion && op != Token::kIntersection && op != Token::kSetMinus) return left;
    const Kind kind = op == Token::kUnion          ? Kind::kUnion
                      : op == Token::kIntersection ? Kind::kIntersection
                                                   : Kind::kSetMinus;
    NodeIds parts = {left};
    while (Accept(op)) {
      parts.push_back(Sum());
      if (parts.back() == kNoNode) return kNoNode;
      if (static_cast<int64_t>(parts.size()) > budget_.limits().elements) return budget_.Exceed(), kNoNode;
    }
    left = tree_.Add(kind, parts);
  }
  return left;
}

// sum := ['+' | '-' | '\pm'] product (('+' | '-' | '\pm' | '\mp') product)*.
NodeId Parser::Sum() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  NodeIds terms;
  bool first = true;
  while (true) {
    const Token op = Type();
    const bool sign =
        op == Token::kPlus || op == Token::kMinus || op == Token::kPlusMinus || op == Token::kMinusPlus;
    if (!sign && !first) break;
    bool negative = op == Token::kMinus;
    if (sign) ++at_;
    while (At(Token::kMinus) || At(Token::kPlus)) {  // "- - 5", "+ -5"
      negative = negative != At(Token::kMinus);
      ++at_;
    }
    NodeId term = Product();
    if (term == kNoNode || !budget_.Spend(1)) return kNoNode;
    if (negative) term = tree_.Add(Kind::kNegate, {term});
    if (op == Token::kPlusMinus || op == Token::kMinusPlus) {
      term = tree_.Add(Kind::kPlusMinus, {term}, 0, op == Token::kMinusPlus ? 1 : 0);
    }
    terms.push_back(term);
    first = false;
  }
  return TrailingText(terms.size() == 1 ? terms[0] : SumOrDifference(terms));
}

// A sum, or the first of sets without the others ("\mathbb{R} - \{2\}").
NodeId Parser::SumOrDifference(const NodeIds& terms) {
  const auto is_set = [this](NodeId id) {
    const Kind kind = tree_[id].kind;
    return kind == Kind::kNumberSet || kind == Kind::kSet || kind == Kind::kInterval;
  };
  if (!is_set(terms[0])) return tree_.Add(Kind::kSum, terms);
  NodeIds sets = {terms[0]};
  for (size_t i = 1; i < terms.size() && tree_[terms[i]].kind == Kind::kNegate; ++i)
    sets.push_back(tree_.Kid(terms[i], 0));
  const bool difference = sets.size() == terms.size() && std::all_of(sets.begin(), sets.end(), is_set);
  return difference ? tree_.Add(Kind::kSetMinus, sets) : tree_.Add(Kind::kSum, terms);
}

bool Parser::StartsFactor() const {
  switch (Type()) {
    case Token::kNumber:
    case Token::kSymbol:
    case Token::kConstant:
    case Token::kFunction:
    case Token::kLeftBrace:
    case Token::kLeftParen:
    case Token::kLeftSet:
    case Token::kLeftFloor:
    case Token::kLeftCeil:
    case Token::kFraction:
    case Token::kRoot:
    case Token::kBinomial:
    case Token::kBegin:
    case Token::kOverline:
    case Token::kAccent:
    case Token::kBox:
    case Token::kBigOperator:
    case Token::kNumberSet:
    case Token::kPlainRoot:
    case Token::kCubeRoot:
    case Token::kPlainMatrix:
      return true;
    case Token::kLeftBracket: {  // "2[x+1]", but not the closing one of "[0,1["
      const Token next = Ahead(1).token;
      return next != Token::kEnd && next != Token::kUnion && next != Token::kComma &&
             next != Token::kIntersection && next != Token::kRightBrace;
    }
    case Token::kBar:
      return bars_ == 0;
    default:
      return false;
  }
}

// "3\frac{1}{2}" and "3 1/2" with a proper fraction of literals: a mixed number.
bool Parser::MixedNumber(NodeId* out) {
  if (!At(Token::kNumber)) return false;
  const Rational& whole = tree_.numbers[Now().value].value;
  if (!whole.is_integer()) return false;
  const auto literal = [this](size_t i) -> const Rational* {
    const Lexeme& token = Ahead(i);
    if (token.token != Token::kNumber || !tree_.numbers[token.value].value.is_integer()) return nullptr;
    return &tree_.numbers[token.value].value;
  };
  const Rational *top = nullptr, *bottom = nullptr;
  size_t length = 0;
  if (Ahead(1).token == Token::kFraction && Ahead(2).token == Token::kLeftBrace) {
    const bool shape = Ahead(4).token == Token::kRightBrace && Ahead(5).token == Token::kLeftBrace &&
                       Ahead(7).token == Token::kRightBrace;
    if (shape) top = literal(3), bottom = literal(6), length = 8;
  } else if (Ahead(1).token == Token::kFraction && Ahead(2).token == Token::kNumber) {
    const std::string_view digits = tree_.source.substr(Ahead(2).begin, Ahead(2).end - Ahead(2).begin);
    const bool apart = Ahead(3).token == Token::kNumber;
    if (apart) {  // "2\frac 3 4"
      top = literal(2), bottom = literal(3), length = 4;
    } else if (digits.size() == 2 && digits[0] < digits[1] && digits[0] != '0') {  // "2\frac34"
      Rational value(digits[0] - '0', static_cast<uint64_t>(digits[1] - '0'));
      fmpq_add(value.get(), value.get(), whole.get());
      *out = tree_.AddNumber({.value = value, .exact = true});
      at_ += 3;
      return true;
    }
    if (!apart) return false;
  } else if (Ahead(2).token == Token::kSlash) {
    top = literal(1), bottom = literal(3), length = 4;
  }
  if (top == nullptr || bottom == nullptr || top->sign() <= 0 || !(*top < *bottom)) return false;
  Rational value = *top;
  fmpq_div(value.get(), value.get(), bottom->get());
  fmpq_add(value.get(), value.get(), whole.get());
  *out = tree_.AddNumber({.value = value, .exact = true});
  at_ += length;
  return true;
}

// "5 \quad 6" are two answers and no product.
bool Parser::IsWideSpaceBefore(size_t at) const {
  constexpr size_t kShortest = 5;  // "\quad"
  const size_t begin = tokens_[at - 1].end, end = tokens_[at].begin;
  return end >= begin + kShortest && end <= tree_.source.size() &&
         tree_.source.substr(begin, end - begin).find("quad") != std::string_view::npos;
}

// product := factor (['*' | '/' | ':'] factor)*, by juxtaposition too, from left to right.
NodeId Parser::Product() {
  NodeIds factors;
  NodeId mixed = kNoNode;
  if (MixedNumber(&mixed)) {
    factors.push_back(Postfix(mixed));
  } else {
    factors.push_back(Factor());
  }
  if (factors[0] == kNoNode) return kNoNode;
  while (!Full()) {
    const Token op = Type();
    NodeId next = kNoNode;
    if (op == Token::kTimes || op == Token::kCross || op == Token::kSlash) {
      ++at_;
      const bool apply = std::exchange(letters_apply_, letters_apply_ && op != Token::kSlash);  // "1/x(x+1)"
      next = SignedFactor();
      letters_apply_ = apply;
      if (next == kNoNode) return kNoNode;
      if (op == Token::kSlash) next = tree_.Add(Kind::kInverse, {next});
    } else if (StartsFactor()) {
      if (op == Token::kFraction && IsUnitFraction()) break;
      if (op == Token::kLeftParen && IsMod(Ahead(1))) break;
      if (IsWideSpaceBefore(at_)) return kNoNode;
      // Two numerals side by side are not a product ("5 6"), unless a bracket or a sign is between them or the first has an
      // exponent ("2^6 3^5").
      const bool power = tree_[factors.back()].kind == Kind::kPower;
      if (op == Token::kNumber && tokens_[at_ - 1].token == Token::kNumber && !power) return kNoNode;
      next = Factor();
      if (next == kNoNode) return kNoNode;
    } else {
      break;
    }
    factors.push_back(next);
    // A product of thousands of factors is past every later limit.
    if (!budget_.Spend(1 + static_cast<int64_t>(factors.size()) / 100)) return kNoNode;
  }
  return factors.size() == 1 ? factors[0] : tree_.Add(Kind::kProduct, factors);
}

// After '*' and '/': signs bind to the factor ("2 \cdot -3").
NodeId Parser::SignedFactor() {
  bool negative = false;
  while (At(Token::kMinus) || At(Token::kPlus)) {
    negative = negative != At(Token::kMinus);
    ++at_;
  }
  const NodeId factor = Factor();
  if (factor == kNoNode) return kNoNode;
  return negative ? tree_.Add(Kind::kNegate, {factor}) : factor;
}

std::optional<Tree> ReadMath(std::string_view source, const ReadOptions& options, Names* names,
                             Budget& budget) {
  Tree tree;
  tree.names = names;
  tree.source = source;
  std::vector<Lexeme> tokens = Lex(source, options, budget, &tree);
  if (tokens.empty() || budget.over()) return std::nullopt;
  FoldBrackets(&tokens);
  OrderScripts(&tokens);
  const size_t expected = std::min(tokens.size() + 4, kReservedNodes);
  tree.nodes.reserve(expected);
  tree.kids.reserve(expected);
  Parser parser(std::move(tokens), &tree, budget);
  tree.root = parser.Answer();
  if (tree.root == kNoNode || budget.over()) return std::nullopt;
  return tree;
}

}  // namespace drover::verifier
