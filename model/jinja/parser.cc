#include "model/jinja/parser.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/jinja/expression_parser.h"

namespace drover::model::jinja {
namespace {

class Parser : public ExpressionParser {
 public:
  explicit Parser(std::vector<Token> tokens) : ExpressionParser(std::move(tokens)) {}

  absl::StatusOr<Block> Run() { return ParseBlock({}); }

 private:
  absl::Status ExpectBlockEnd() {
    if (!Is(Token::Kind::kBlockEnd)) return Expected("%}");
    Skip(1);
    return absl::OkStatus();
  }

  // Statements up to, and without, a {% NAME of `ends`; up to the end of the template where there are none.
  absl::StatusOr<Block> ParseBlock(const std::vector<std::string_view>& ends) {
    RETURN_IF_ERROR(Enter());
    Block block;
    while (true) {
      if (Is(Token::Kind::kEnd)) {
        if (!ends.empty()) return Error(absl::StrCat("{% ", ToAbsl(ends.back()), " %} is missing"));
        break;
      }
      if (Is(Token::Kind::kBlockBegin) && std::count(ends.begin(), ends.end(), Peek(1).text) > 0) break;
      auto statement = std::make_unique<Statement>();
      statement->line = Peek().line;
      RETURN_IF_ERROR(ParseStatement(*statement, block));
      if (statement->kind != Statement::Kind::kText || !statement->text.empty()) {
        block.push_back(std::move(statement));
      }
    }
    Leave();
    return block;
  }

  absl::Status ParseStatement(Statement& statement, Block& around) {
    if (Is(Token::Kind::kText)) {
      statement.text = Take().text;
      return absl::OkStatus();
    }
    if (Is(Token::Kind::kOutputBegin)) {
      Skip(1);
      statement.kind = Statement::Kind::kOutput;
      ASSIGN_OR_RETURN(statement.value, ParseExpression());
      if (!Is(Token::Kind::kOutputEnd)) return Expected("}}");
      Skip(1);
      return absl::OkStatus();
    }
    Skip(1);  // {%
    ASSIGN_OR_RETURN(const std::string word, ExpectName());
    if (word == "if") return ParseIf(statement);
    if (word == "for") return ParseFor(statement);
    if (word == "set") return ParseSet(statement);
    if (word == "macro") return ParseMacro(statement);
    if (word == "generation") return ParseGeneration(around);
    if (word == "break" || word == "continue") {
      statement.kind = word == "break" ? Statement::Kind::kBreak : Statement::Kind::kContinue;
      return ExpectBlockEnd();
    }
    return absl::UnimplementedError(
        absl::StrCat("line ", Peek().line, ": {% ", word, " %} is not known here"));
  }

  // The end of a statement whose body has been read.
  absl::Status End(std::string_view name) {
    Skip(1);  // {%
    if (!TakeName(name)) return Expected(name);
    return ExpectBlockEnd();
  }

  absl::Status ParseIf(Statement& statement) {
    statement.kind = Statement::Kind::kIf;
    ASSIGN_OR_RETURN(statement.value, ParseExpression());
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(statement.body, ParseBlock({"elif", "else", "endif"}));
    if (Peek(1).text == "elif") {
      Skip(2);
      auto next = std::make_unique<Statement>();
      next->line = Peek().line;
      RETURN_IF_ERROR(Enter());
      RETURN_IF_ERROR(ParseIf(*next));  // takes the endif
      Leave();
      statement.otherwise.push_back(std::move(next));
      return absl::OkStatus();
    }
    if (Peek(1).text == "else") {
      Skip(2);
      RETURN_IF_ERROR(ExpectBlockEnd());
      ASSIGN_OR_RETURN(statement.otherwise, ParseBlock({"endif"}));
    }
    return End("endif");
  }

  absl::Status ParseNames(std::vector<std::string>& names) {
    const bool bracket = TakeOperator("(");
    do {
      ASSIGN_OR_RETURN(std::string name, ExpectName());
      names.push_back(std::move(name));
    } while (TakeOperator(","));
    return bracket ? ExpectOperator(")") : absl::OkStatus();
  }

  absl::Status ParseFor(Statement& statement) {
    statement.kind = Statement::Kind::kFor;
    RETURN_IF_ERROR(ParseNames(statement.names));
    if (!TakeName("in")) return Expected("in");
    ASSIGN_OR_RETURN(statement.value, ParseOr());  // without the condition, whose `if` is the loop's here
    if (TakeName("if")) {
      ASSIGN_OR_RETURN(statement.condition, ParseExpression());
    }
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(statement.body, ParseBlock({"else", "endfor"}));
    if (Peek(1).text == "else") {
      Skip(2);
      RETURN_IF_ERROR(ExpectBlockEnd());
      ASSIGN_OR_RETURN(statement.otherwise, ParseBlock({"endfor"}));
    }
    return End("endfor");
  }

  absl::Status ParseSet(Statement& statement) {
    statement.kind = Statement::Kind::kSet;
    RETURN_IF_ERROR(ParseNames(statement.names));
    if (statement.names.size() == 1 && TakeOperator(".")) {
      ASSIGN_OR_RETURN(statement.attribute, ExpectName());
    }
    if (TakeOperator("=")) {
      ASSIGN_OR_RETURN(statement.value, ParseTuple());
      return ExpectBlockEnd();
    }
    if (statement.names.size() != 1 || !statement.attribute.empty()) return Expected("=");
    statement.kind = Statement::Kind::kSetBlock;
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(statement.body, ParseBlock({"endset"}));
    return End("endset");
  }

  absl::Status ParseMacro(Statement& statement) {
    statement.kind = Statement::Kind::kMacro;
    ASSIGN_OR_RETURN(statement.text, ExpectName());
    RETURN_IF_ERROR(ExpectOperator("("));
    while (!IsOperator(")")) {
      ASSIGN_OR_RETURN(std::string name, ExpectName());
      if (TakeOperator("=")) {
        ASSIGN_OR_RETURN(ExpressionPtr value, ParseExpression());
        statement.defaults.emplace_back(name, std::move(value));
      }
      statement.names.push_back(std::move(name));
      if (!TakeOperator(",") && !IsOperator(")")) return Expected(")");
    }
    RETURN_IF_ERROR(ExpectOperator(")"));
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(statement.body, ParseBlock({"endmacro"}));
    return End("endmacro");
  }

  // What marks the assistant's tokens for other programs: its body as if it stood alone.
  absl::Status ParseGeneration(Block& around) {
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(Block body, ParseBlock({"endgeneration"}));
    for (auto& inner : body) around.push_back(std::move(inner));
    return End("endgeneration");
  }
};

}  // namespace

absl::StatusOr<Block> Parse(std::string_view source) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  return Parser(std::move(tokens)).Run();
}

}  // namespace drover::model::jinja
