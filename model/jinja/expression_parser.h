// The expressions of a template, and what reading its tokens takes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/jinja/ast.h"
#include "model/jinja/lexer.h"

namespace drover::model::jinja {

// Of nested expressions and statements, and of operators in a row: bounds the machine's stack.
inline constexpr int kMaxDepth = 60;
inline constexpr int kMaxChain = 200;

// Reads expressions from where it stands among the tokens; the parser of statements is built on it. Errors are
// INVALID_ARGUMENT with the line.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  const Token& Peek(size_t ahead = 0) const;
  const Token& Take() { return tokens_[at_++]; }
  void Skip(size_t count) { at_ += count; }
  bool Is(Token::Kind kind) const { return Peek().kind == kind; }
  bool IsOperator(std::string_view text) const { return Is(Token::Kind::kOperator) && Peek().text == text; }
  bool IsName(std::string_view text) const { return Is(Token::Kind::kName) && Peek().text == text; }
  // Moves on when it stands there.
  bool TakeOperator(std::string_view text);
  bool TakeName(std::string_view text);

  absl::Status Error(std::string_view what) const;
  absl::Status Expected(std::string_view what) const;
  absl::Status ExpectOperator(std::string_view text);
  absl::StatusOr<std::string> ExpectName();
  // Counts a nesting while it lives; Error() where there are too many.
  absl::Status Enter() { return ++depth_ > kMaxDepth ? Error("nested too deeply") : absl::OkStatus(); }
  void Leave() { --depth_; }

  absl::StatusOr<ExpressionPtr> ParseExpression();
  // Without a condition (`a if b`), whose `if` is another's where this is read.
  absl::StatusOr<ExpressionPtr> ParseOr();
  // Several expressions with commas between them are a list.
  absl::StatusOr<ExpressionPtr> ParseTuple();

 private:
  using Level = absl::StatusOr<ExpressionPtr> (ExpressionParser::*)();

  ExpressionPtr Make(Expression::Kind kind, std::string name = "") const;
  absl::StatusOr<ExpressionPtr> Binary(std::string name, ExpressionPtr left, Level next);
  // Left to right, of the operators `names`.
  absl::StatusOr<ExpressionPtr> ParseChain(const std::vector<std::string_view>& names, Level next);
  absl::StatusOr<ExpressionPtr> ParseAnd();
  absl::StatusOr<ExpressionPtr> ParseNot();
  absl::StatusOr<ExpressionPtr> ParseCompare();
  absl::StatusOr<ExpressionPtr> ParseSum();
  absl::StatusOr<ExpressionPtr> ParseConcat();
  absl::StatusOr<ExpressionPtr> ParseProduct();
  absl::StatusOr<ExpressionPtr> ParseUnary();
  absl::StatusOr<ExpressionPtr> ParsePrimary();
  absl::StatusOr<ExpressionPtr> ParseNumberOrString();
  absl::StatusOr<ExpressionPtr> ParseItems(Expression::Kind kind, std::string_view end);
  absl::Status ParseArguments(Expression& call);
  absl::StatusOr<ExpressionPtr> ParseSubscript(ExpressionPtr value);
  absl::StatusOr<ExpressionPtr> ParseFilter(ExpressionPtr value);
  absl::StatusOr<ExpressionPtr> ParseTest(ExpressionPtr value);
  absl::StatusOr<ExpressionPtr> ParsePostfix(ExpressionPtr value);

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace drover::model::jinja
