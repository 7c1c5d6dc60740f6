#include "model/jinja/expression_parser.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model::jinja {

using Kind = Expression::Kind;

const Token& ExpressionParser::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

bool ExpressionParser::TakeOperator(std::string_view text) {
  if (!IsOperator(text)) return false;
  ++at_;
  return true;
}

bool ExpressionParser::TakeName(std::string_view text) {
  if (!IsName(text)) return false;
  ++at_;
  return true;
}

absl::Status ExpressionParser::Error(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", Peek().line, ": ", ToAbsl(what)));
}

absl::Status ExpressionParser::Expected(std::string_view what) const {
  const std::string got = Peek().text.empty() ? "" : " and not '" + Peek().text + "'";
  return Error("expected " + std::string(what) + got);
}

absl::Status ExpressionParser::ExpectOperator(std::string_view text) {
  return TakeOperator(text) ? absl::OkStatus() : Expected(text);
}

absl::StatusOr<std::string> ExpressionParser::ExpectName() {
  if (!Is(Token::Kind::kName)) return Expected("a name");
  return Take().text;
}

ExpressionPtr ExpressionParser::Make(Kind kind, std::string name) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->name = std::move(name);
  made->line = Peek().line;
  return made;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseTuple() {
  ASSIGN_OR_RETURN(ExpressionPtr first, ParseExpression());
  if (!IsOperator(",")) return first;
  ExpressionPtr list = Make(Kind::kList);
  list->arguments.push_back(std::move(first));
  while (TakeOperator(",")) {
    if (IsOperator(")") || Is(Token::Kind::kBlockEnd)) break;
    ASSIGN_OR_RETURN(ExpressionPtr next, ParseExpression());
    list->arguments.push_back(std::move(next));
  }
  return list;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseExpression() {
  RETURN_IF_ERROR(Enter());
  ASSIGN_OR_RETURN(ExpressionPtr value, ParseOr());
  while (TakeName("if")) {
    ExpressionPtr condition = Make(Kind::kCondition);
    ASSIGN_OR_RETURN(ExpressionPtr test, ParseOr());
    condition->arguments.push_back(std::move(test));
    condition->arguments.push_back(std::move(value));
    condition->arguments.push_back(nullptr);
    if (TakeName("else")) {
      ASSIGN_OR_RETURN(condition->arguments[2], ParseExpression());
    }
    value = std::move(condition);
  }
  Leave();
  return value;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::Binary(std::string name, ExpressionPtr left, Level next) {
  ExpressionPtr made = Make(Kind::kBinary, std::move(name));
  ASSIGN_OR_RETURN(ExpressionPtr right, (this->*next)());
  made->arguments.push_back(std::move(left));
  made->arguments.push_back(std::move(right));
  return made;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseChain(const std::vector<std::string_view>& names,
                                                           Level next) {
  ASSIGN_OR_RETURN(ExpressionPtr value, (this->*next)());
  for (int length = 0; length < kMaxChain; ++length) {
    const bool word = Is(Token::Kind::kName), symbol = Is(Token::Kind::kOperator);
    if (!(word || symbol) || std::count(names.begin(), names.end(), Peek().text) == 0) return value;
    const std::string name = Take().text;
    ASSIGN_OR_RETURN(value, Binary(name, std::move(value), next));
  }
  return Error("too many operators in a row");
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseOr() {
  return ParseChain({"or"}, &ExpressionParser::ParseAnd);
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseAnd() {
  return ParseChain({"and"}, &ExpressionParser::ParseNot);
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseNot() {
  if (!IsName("not")) return ParseCompare();
  Skip(1);
  RETURN_IF_ERROR(Enter());
  ExpressionPtr made = Make(Kind::kUnary, "not");
  ASSIGN_OR_RETURN(ExpressionPtr value, ParseNot());
  made->arguments.push_back(std::move(value));
  Leave();
  return made;
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseCompare() {
  ASSIGN_OR_RETURN(ExpressionPtr value, ParseSum());
  constexpr std::string_view kCompare[] = {"==", "!=", "<", "<=", ">", ">="};
  if (Is(Token::Kind::kOperator) && std::count(std::begin(kCompare), std::end(kCompare), Peek().text) > 0) {
    const std::string name = Take().text;
    return Binary(name, std::move(value), &ExpressionParser::ParseSum);
  }
  if (TakeName("in")) return Binary("in", std::move(value), &ExpressionParser::ParseSum);
  if (IsName("not") && Peek(1).text == "in") {
    Skip(2);
    ExpressionPtr made = Make(Kind::kUnary, "not");
    ASSIGN_OR_RETURN(ExpressionPtr in, Binary("in", std::move(value), &ExpressionParser::ParseSum));
    made->arguments.push_back(std::move(in));
    return made;
  }
  return value;
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseSum() {
  return ParseChain({"+", "-"}, &ExpressionParser::ParseConcat);
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseConcat() {
  return ParseChain({"~"}, &ExpressionParser::ParseProduct);
}
absl::StatusOr<ExpressionPtr> ExpressionParser::ParseProduct() {
  return ParseChain({"*", "/", "//", "%"}, &ExpressionParser::ParseUnary);
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseUnary() {
  if (IsOperator("-") || IsOperator("+")) {
    RETURN_IF_ERROR(Enter());
    ExpressionPtr made = Make(Kind::kUnary, Peek().text);
    Skip(1);
    ASSIGN_OR_RETURN(ExpressionPtr value, ParseUnary());
    made->arguments.push_back(std::move(value));
    Leave();
    return made;
  }
  ASSIGN_OR_RETURN(ExpressionPtr value, ParsePrimary());
  return ParsePostfix(std::move(value));
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParsePrimary() {
  const Token token = Peek();
  if (token.kind == Token::Kind::kString || token.kind == Token::Kind::kInteger ||
      token.kind == Token::Kind::kFloat) {
    return ParseNumberOrString();
  }
  if (token.kind == Token::Kind::kName) {
    Skip(1);
    ExpressionPtr literal = Make(Kind::kLiteral);
    if (token.text == "true" || token.text == "True" || token.text == "false" || token.text == "False") {
      literal->literal = token.text == "true" || token.text == "True";
      return literal;
    }
    if (token.text == "none" || token.text == "None") return literal;
    return Make(Kind::kName, token.text);
  }
  if (TakeOperator("(")) {
    if (TakeOperator(")")) return Make(Kind::kList);
    ASSIGN_OR_RETURN(ExpressionPtr inner, ParseTuple());
    RETURN_IF_ERROR(ExpectOperator(")"));
    return inner;
  }
  if (TakeOperator("[")) return ParseItems(Kind::kList, "]");
  if (TakeOperator("{")) return ParseItems(Kind::kDict, "}");
  return Expected("a value");
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseNumberOrString() {
  ExpressionPtr literal = Make(Kind::kLiteral);
  const Token token = Take();
  int64_t whole = 0;
  double number = 0;
  if (token.kind == Token::Kind::kInteger && absl::SimpleAtoi(token.text, &whole)) {
    literal->literal = whole;
  } else if (token.kind == Token::Kind::kFloat && absl::SimpleAtod(token.text, &number)) {
    literal->literal = number;
  } else if (token.kind == Token::Kind::kString) {
    std::string text = token.text;
    while (Is(Token::Kind::kString)) text += Take().text;  // adjacent strings are one
    literal->literal = text;
  } else {
    return Error(absl::StrCat("the number ", token.text, " is too large"));
  }
  return literal;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseItems(Kind kind, std::string_view end) {
  ExpressionPtr made = Make(kind);
  while (!TakeOperator(end)) {
    ASSIGN_OR_RETURN(ExpressionPtr item, ParseExpression());
    made->arguments.push_back(std::move(item));
    if (kind == Kind::kDict) {
      RETURN_IF_ERROR(ExpectOperator(":"));
      ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      made->arguments.push_back(std::move(value));
    }
    if (!TakeOperator(",") && !IsOperator(end)) return Expected(end);
  }
  return made;
}

absl::Status ExpressionParser::ParseArguments(Expression& call) {
  while (!TakeOperator(")")) {
    if (Is(Token::Kind::kName) && Peek(1).kind == Token::Kind::kOperator && Peek(1).text == "=") {
      const std::string name = Peek().text;
      Skip(2);
      ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      call.named.emplace_back(name, std::move(value));
    } else {
      ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
      call.arguments.push_back(std::move(value));
    }
    if (!TakeOperator(",") && !IsOperator(")")) return Expected(")");
  }
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseSubscript(ExpressionPtr value) {
  ExpressionPtr begin;
  if (!IsOperator(":")) {
    ASSIGN_OR_RETURN(begin, ParseExpression());
  }
  if (TakeOperator("]")) {
    ExpressionPtr made = Make(Kind::kItem);
    made->arguments.push_back(std::move(value));
    made->arguments.push_back(std::move(begin));
    return made;
  }
  ExpressionPtr slice = Make(Kind::kSlice);
  slice->arguments.push_back(std::move(value));
  slice->arguments.push_back(std::move(begin));
  for (int part = 0; part < 2; ++part) {
    ExpressionPtr bound;
    if (TakeOperator(":") && !IsOperator(":") && !IsOperator("]")) {
      ASSIGN_OR_RETURN(bound, ParseExpression());
    }
    slice->arguments.push_back(std::move(bound));
  }
  RETURN_IF_ERROR(ExpectOperator("]"));
  return slice;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseFilter(ExpressionPtr value) {
  ASSIGN_OR_RETURN(const std::string name, ExpectName());
  ExpressionPtr made = Make(Kind::kFilter, name);
  made->arguments.push_back(std::move(value));
  if (TakeOperator("(")) RETURN_IF_ERROR(ParseArguments(*made));
  return made;
}

absl::StatusOr<ExpressionPtr> ExpressionParser::ParseTest(ExpressionPtr value) {
  const bool negated = TakeName("not");
  ASSIGN_OR_RETURN(const std::string name, ExpectName());
  ExpressionPtr made = Make(Kind::kTest, name);
  made->arguments.push_back(std::move(value));
  if (TakeOperator("(")) RETURN_IF_ERROR(ParseArguments(*made));
  if (!negated) return made;
  ExpressionPtr outer = Make(Kind::kUnary, "not");
  outer->arguments.push_back(std::move(made));
  return outer;
}

// A long chain builds a deep tree without nesting here, so its length is bounded too.
absl::StatusOr<ExpressionPtr> ExpressionParser::ParsePostfix(ExpressionPtr value) {
  for (int length = 0; length < kMaxChain; ++length) {
    if (TakeOperator(".")) {
      ASSIGN_OR_RETURN(const std::string name, ExpectName());
      ExpressionPtr made = Make(Kind::kAttribute, name);
      made->arguments.push_back(std::move(value));
      value = std::move(made);
    } else if (TakeOperator("[")) {
      ASSIGN_OR_RETURN(value, ParseSubscript(std::move(value)));
    } else if (TakeOperator("(")) {
      ExpressionPtr made = Make(Kind::kCall);
      made->arguments.push_back(std::move(value));
      RETURN_IF_ERROR(ParseArguments(*made));
      value = std::move(made);
    } else if (TakeOperator("|")) {
      ASSIGN_OR_RETURN(value, ParseFilter(std::move(value)));
    } else if (TakeName("is")) {
      ASSIGN_OR_RETURN(value, ParseTest(std::move(value)));
    } else {
      return value;
    }
  }
  return Error("nested too deeply");
}

}  // namespace drover::model::jinja
