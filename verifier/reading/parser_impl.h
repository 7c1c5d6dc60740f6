// The recursive descent over the tokens, private to parser.cc and parser_*.cc. Every method that reads returns the
// node or kNoNode, which means that the input is not of the grammar (or that the budget is used up).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "verifier/budget.h"
#include "verifier/reading/lexeme.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

class Parser {
 public:
  Parser(std::vector<Lexeme> tokens, Tree* tree, Budget& budget)
      : tokens_(std::move(tokens)), tree_(*tree), budget_(budget) {}

  // answer := items separated by ',' ';' 'and' 'or', then the end.
  NodeId Answer();

 private:
  // Counts nesting; false once it is deeper than the budget allows.
  class Nest {
   public:
    explicit Nest(Parser* parser) : parser_(parser) { ++parser_->depth_; }
    ~Nest() { --parser_->depth_; }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    bool ok() const {
      return parser_->depth_ <= parser_->budget_.limits().depth ? true : parser_->budget_.Exceed();
    }

   private:
    Parser* parser_;
  };

  // Lets letters apply to brackets until the end of the block.
  class LettersApply {
   public:
    explicit LettersApply(Parser* parser) : parser_(parser), before_(parser->letters_apply_) {
      parser->letters_apply_ = true;
    }
    ~LettersApply() { parser_->letters_apply_ = before_; }
    LettersApply(const LettersApply&) = delete;
    LettersApply& operator=(const LettersApply&) = delete;

   private:
    Parser* parser_;
    const bool before_;
  };

  static constexpr uint8_t kSquare = 4;  // Node::flag of a tuple in square brackets

  const Lexeme& Now() const { return tokens_[at_]; }
  const Lexeme& Ahead(size_t n) const {
    return tokens_[at_ + n < tokens_.size() ? at_ + n : tokens_.size() - 1];
  }
  Token Type() const { return tokens_[at_].token; }
  bool At(Token token) const { return Type() == token; }
  bool Accept(Token token) {
    if (!At(token)) return false;
    ++at_;
    return true;
  }
  bool Full() const { return budget_.over(); }

  // parser.cc: lists, relations, sets, sums, products.
  struct Items {
    NodeIds items;
    uint8_t flags = 0;  // kSemicolonList, kOrList
    bool ok = false;
  };
  Items ReadItems();
  NodeId Group(const NodeIds& items, uint8_t flag);
  NodeId RelationChain();
  NodeId Ratio();
  NodeId SetExpression();
  NodeId Sum();
  NodeId SumOrDifference(const NodeIds& terms);
  NodeId Product();
  NodeId SignedFactor();
  bool StartsFactor() const;
  bool IsFullStop() const;
  NodeId Congruence(NodeId value);
  bool IsMod(const Lexeme& token) const;
  bool MixedNumber(NodeId* out);

  // parser_quantities.cc: units and amounts of money.
  NodeId TrailingText(NodeId value);
  bool IsUnitFraction() const;
  NodeId Currency();

  // parser_atoms.cc, parser_groups.cc, parser_calls.cc, parser_matrix.cc: factors and what they are made of.
  NodeId Factor();
  NodeId Postfix(NodeId base);
  NodeId Application(NodeId letter);
  NodeId ConditionalApplication(uint32_t name);
  bool HasCondition() const;
  bool AtInverse() const;
  bool IsAtomic(NodeId id) const;
  bool IsWideSpaceBefore(size_t at) const;
  NodeId Atom();
  using AtomReader = NodeId (Parser::*)();
  static constexpr size_t kTokens = static_cast<size_t>(Token::kUnknown) + 1;
  static const std::array<AtomReader, kTokens> kAtoms;
  template <Kind kKind>
  NodeId Leaf() {  // a token that is a node by itself
    const uint32_t value = Now().value;
    ++at_;
    return tree_.Add(kKind, {}, value);
  }
  NodeId NamedConstant();
  NodeId Ellipsis();
  NodeId BracesOrPrescript();
  NodeId EmptySet();
  NodeId Overlined();
  NodeId Boxed();
  NodeId Script();    // the argument of ^ or _: a group or one token
  NodeId Argument();  // of \frac and its like: a group, or one digit, letter or command
  NodeId Parenthesised();
  NodeId NestedRows(const NodeIds& rows);
  NodeId Braces();
  NodeId OverOrChoose(NodeId upper);
  NodeId Prescript();  // {}_{n}C_{k}, ^nC_k
  NodeId BracedSet();
  NodeId Angle();
  NodeId Absolute();
  NodeId Floor();
  NodeId Ceiling();
  NodeId Enclosed(Token close, Function function);
  NodeId FunctionCall();
  NodeId FunctionArgument(NodeIds* arguments);
  NodeId Fraction();
  NodeId Root();
  NodeId Binomial();
  NodeId Symbol();
  NodeId Accented();
  NodeId Environment();
  NodeId PlainMatrix();  // \pmatrix{1&2\cr3&4}
  bool Rows(bool matrix, Token end, NodeIds* cells, uint32_t* columns);
  NodeId BigOperator();
  NodeId Arrangements(bool combinations, NodeId n, NodeId k);
  NodeId SplitDigits(bool* split);

  NodeId Call(Function function, std::initializer_list<NodeId> arguments) {
    return Call(function, std::span(arguments.begin(), arguments.size()));
  }
  NodeId Call(Function function, std::span<const NodeId> arguments) {
    return tree_.Add(Kind::kFunction, arguments, static_cast<uint32_t>(function));
  }
  NodeId Divide(NodeId top, NodeId bottom) {
    return tree_.Add(Kind::kProduct, {top, tree_.Add(Kind::kInverse, {bottom})});
  }
  bool IsLiteral(NodeId id) const { return tree_[id].kind == Kind::kNumber; }

  std::vector<Lexeme> tokens_;
  Tree& tree_;
  Budget& budget_;
  size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;                     // open |...|, inside which a bar closes
  int environments_ = 0;             // open matrices and their like, inside which "\\" parts rows
  bool colon_is_such_that_ = false;  // inside of \{x : x > 2\}
  bool letters_apply_ = true;        // a letter before a bracket may be a function
};

}  // namespace drover::verifier
