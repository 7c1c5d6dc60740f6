// Brackets of all kinds: groups, tuples, intervals, sets, absolute values.
#include <algorithm>
#include <utility>

#include "verifier/reading/parser_impl.h"

namespace drover::verifier {

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
    const NodeId whole = OverOrChoose(inside.items[0]);
    return whole != kNoNode && Accept(Token::kRightBrace) ? whole : kNoNode;
  }
  if (!Accept(Token::kRightBrace)) return kNoNode;
  if (inside.items.size() == 1) return inside.items[0];
  return Group(inside.items, static_cast<uint8_t>(inside.flags | kBracedList));
}

// "3 \over 8", "5 \choose 2" from the command on.
NodeId Parser::OverOrChoose(NodeId upper) {
  const bool choose = At(Token::kChoose);
  ++at_;
  const NodeId lower = Sum();
  if (lower == kNoNode) return kNoNode;
  return choose ? Call(Function::kBinomial, {upper, lower}) : Divide(upper, lower);
}

// Round and square brackets: grouping, tuples, intervals ("[0,1)", "]0,1[").
NodeId Parser::Parenthesised() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const Token open = Type();
  ++at_;
  if (At(Token::kConnective)) return kNoNode;  // "0 (or 686)" offers another value and is no product
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
  // "(x<0 or x>1)" is a condition, no pair.
  const bool conditions = std::all_of(inside.items.begin(), inside.items.end(), [this](NodeId item) {
    return tree_[item].kind == Kind::kRelation || tree_[item].kind == Kind::kList;
  });
  if (round && conditions && (inside.flags & (kOrList | kAndList)) != 0)
    return Group(inside.items, inside.flags);
  const bool square = open == Token::kLeftBracket && close == Token::kRightBracket;
  if (const NodeId rows = square ? NestedRows(inside.items) : kNoNode; rows != kNoNode) return rows;
  if (inside.items.size() > 2 || round) return tree_.Add(Kind::kTuple, inside.items, 0, square ? kSquare : 0);
  const uint8_t lower_open = open != Token::kLeftBracket ? 1 : 0;
  const uint8_t upper_open = close != Token::kRightBracket ? 2 : 0;
  return tree_.Add(Kind::kInterval, inside.items, 0, static_cast<uint8_t>(lower_open | upper_open));
}

// "[[1,2],[3,4]]": a matrix by rows; kNoNode for anything else.
NodeId Parser::NestedRows(const NodeIds& rows) {
  NodeIds cells;
  const uint32_t columns = tree_[rows[0]].count;
  for (const NodeId row : rows) {
    const Node& node = tree_[row];
    const bool square = (node.kind == Kind::kInterval && node.flag == 0) ||
                        (node.kind == Kind::kTuple && node.flag == kSquare);
    if (!square || node.count != columns) return kNoNode;
    for (uint32_t i = 0; i < columns; ++i) cells.push_back(tree_.Kid(row, i));
  }
  return tree_.Add(Kind::kMatrix, cells, columns);
}

// '\{' items '\}', or '\{ x \mid condition \}', which counts as its condition.
NodeId Parser::BracedSet() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  if (Accept(Token::kRightSet)) return tree_.Add(Kind::kSet);
  const int bars = std::exchange(bars_, 1);
  // "\{x : x > 2\}"; a set of ratios starts with a number.
  const bool colon = std::exchange(colon_is_such_that_, At(Token::kSymbol));
  const Items inside = ReadItems();
  colon_is_such_that_ = colon;
  bars_ = bars;
  if (!inside.ok) return kNoNode;
  const bool such_that = At(Token::kMid) || At(Token::kBar) || At(Token::kColon) || At(Token::kRelation);
  if (inside.items.size() == 1 && such_that) {
    ++at_;
    const Items condition = ReadItems();
    if (!condition.ok || !Accept(Token::kRightSet)) return kNoNode;
    return condition.items.size() == 1 ? condition.items[0] : Group(condition.items, condition.flags);
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

NodeId Parser::Absolute() {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  const Token bar = Type();  // closes as it opens
  ++at_;
  ++bars_;
  const NodeId inside = Sum();
  --bars_;
  if (inside == kNoNode || !Accept(bar)) return kNoNode;
  const bool determinant = tree_[inside].kind == Kind::kMatrix && bar == Token::kBar;
  return Call(determinant ? Function::kDet : Function::kAbs, {inside});
}

NodeId Parser::Floor() { return Enclosed(Token::kRightFloor, Function::kFloor); }
NodeId Parser::Ceiling() { return Enclosed(Token::kRightCeil, Function::kCeil); }

NodeId Parser::Enclosed(Token close, Function function) {
  const Nest nest(this);
  if (!nest.ok()) return kNoNode;
  ++at_;
  const NodeId inside = Sum();
  if (inside == kNoNode || !Accept(close)) return kNoNode;
  return Call(function, {inside});
}

}  // namespace drover::verifier
