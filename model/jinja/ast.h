// What the parser makes of a template.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace drover::model::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

// Named arguments of a call.
using NamedArguments = std::vector<std::pair<std::string, ExpressionPtr>>;

struct Expression {
  enum class Kind {
    kLiteral,    // literal
    kName,       // name
    kList,       // arguments
    kDict,       // arguments: key, value, key, value, ...
    kAttribute,  // arguments[0].name
    kItem,       // arguments[0][arguments[1]]
    kSlice,      // arguments[0][arguments[1]:arguments[2]:arguments[3]], each of the three may be null
    kCall,       // arguments[0](arguments[1...], named)
    kFilter,     // arguments[0] | name(arguments[1...], named)
    kTest,       // arguments[0] is name(arguments[1...])
    kUnary,      // name: not - +
    kBinary,     // name: and or + - * / // % ** ~ == != < <= > >= in
    kCondition,  // arguments[1] if arguments[0] else arguments[2], which may be null
  };
  Kind kind = Kind::kLiteral;
  std::string name;
  nlohmann::ordered_json literal;
  std::vector<ExpressionPtr> arguments;
  NamedArguments named;
  int line = 0;
};

struct Statement;
using Block = std::vector<std::unique_ptr<Statement>>;

struct Statement {
  enum class Kind {
    kText,      // text
    kOutput,    // value
    kIf,        // value, body, otherwise (an elif is an if alone in it)
    kFor,       // names in value, if condition: body; without a round: otherwise
    kSet,       // names = value, or of a namespace: names[0].attribute = value
    kSetBlock,  // names[0] = what body renders
    kMacro,     // text is its name, names its parameters, named their defaults
    kBreak,
    kContinue,
  };
  Kind kind = Kind::kText;
  std::string text;
  std::vector<std::string> names;
  std::string attribute;
  ExpressionPtr value;
  ExpressionPtr condition;
  NamedArguments defaults;
  Block body;
  Block otherwise;
  int line = 0;
};

}  // namespace drover::model::jinja
