#include "model/jinja/evaluator.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model::jinja {
namespace {

using Kind = Expression::Kind;

// Evaluations, bytes of texts and, at kEntryWork each, entries of lists and dicts that were made: about a second.
constexpr size_t kMaxWork = size_t{16} << 20;
constexpr size_t kEntryWork = 16;

}  // namespace

Value Of(Json json) {
  return {.json = std::make_shared<const Json>(std::move(json)), .space = {}, .function = {}, .name = {}};
}
Value Undefined(std::string name) {
  return {.json = {}, .space = {}, .function = {}, .name = std::move(name)};
}

Value PartOf(const std::shared_ptr<const Json>& whole, const Json& part) {
  Value value;
  value.json = std::shared_ptr<const Json>(whole, &part);
  return value;
}

Evaluator::Evaluator(const Json& context) {
  scopes_.emplace_back();
  for (const char* name : {"range", "namespace", "raise_exception"}) scopes_[0][name].function = name;
  for (const auto& [name, value] : context.items()) scopes_[0][name] = Of(value);
}

absl::Status Evaluator::Charge(size_t work) {
  work_ += work;
  if (work_ <= kMaxWork) return absl::OkStatus();
  return absl::ResourceExhaustedError("the template does more than any chat template has to");
}

absl::Status Evaluator::ChargeFor(const Json& value) {
  if (value.is_string()) return Charge(value.get_ref<const std::string&>().size());
  RETURN_IF_ERROR(Charge(kEntryWork));
  if (!value.is_structured()) return absl::OkStatus();
  for (const Json& entry : value) RETURN_IF_ERROR(ChargeFor(entry));
  return absl::OkStatus();
}

absl::StatusOr<Value> Evaluator::Made(absl::StatusOr<Json> json) {
  RETURN_IF_ERROR(json.status());
  RETURN_IF_ERROR(ChargeFor(*json));
  return Of(*std::move(json));
}

Value Evaluator::Find(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto found = scope->find(name); found != scope->end()) return found->second;
  }
  return Undefined(name);
}

bool Evaluator::True(const Value& value) { return value.json ? IsTrue(*value.json) : value.defined(); }

absl::StatusOr<std::shared_ptr<const Json>> Evaluator::Plain(const Value& value) {
  if (value.json) return value.json;
  if (value.space) return std::make_shared<const Json>(*value.space);
  if (!value.defined()) return absl::InvalidArgumentError(absl::StrCat("'", value.name, "' is undefined"));
  return absl::InvalidArgumentError("a function is no value");
}

absl::StatusOr<std::string> Evaluator::Text(const Value& value) {
  if (!value.defined()) return std::string();
  ASSIGN_OR_RETURN(const auto json, Plain(value));
  return ToText(*json);
}

absl::StatusOr<Value> Evaluator::Evaluate(const Expression& expression) {
  RETURN_IF_ERROR(Charge(1));
  if (++nesting_ > kMaxNesting) return absl::ResourceExhaustedError("the template is nested too deeply");
  auto value = EvaluateKind(expression);
  --nesting_;
  return value;
}

absl::StatusOr<Value> Evaluator::EvaluateKind(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kLiteral:
      return Made(expression.literal);
    case Kind::kName:
      return Find(expression.name);
    case Kind::kList:
    case Kind::kDict:
      return EvaluateItems(expression);
    case Kind::kAttribute: {
      ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.arguments[0]));
      return Attribute(object, expression.name);
    }
    case Kind::kItem:
      return EvaluateItem(expression);
    case Kind::kSlice:
      return EvaluateSlice(expression);
    case Kind::kCall:
      return EvaluateCall(expression);
    case Kind::kFilter:
      return EvaluateFilter(expression);
    case Kind::kTest:
      return EvaluateTest(expression);
    case Kind::kUnary:
      return EvaluateUnary(expression);
    case Kind::kBinary:
      return EvaluateBinary(expression);
    case Kind::kCondition: {
      ASSIGN_OR_RETURN(const Value condition, Evaluate(*expression.arguments[0]));
      const auto& branch = expression.arguments[True(condition) ? 1 : 2];
      return branch == nullptr ? Undefined("the else of a condition") : Evaluate(*branch);
    }
  }
  return Undefined("");
}

absl::StatusOr<std::shared_ptr<const Json>> Evaluator::EvaluatePlain(const Expression& expression) {
  ASSIGN_OR_RETURN(const Value value, Evaluate(expression));
  return Plain(value);
}

absl::StatusOr<Value> Evaluator::EvaluateItems(const Expression& expression) {
  const bool dict = expression.kind == Kind::kDict;
  Json made = dict ? Json::object() : Json::array();
  for (size_t i = 0; i < expression.arguments.size(); i += dict ? 2 : 1) {
    ASSIGN_OR_RETURN(const auto first, EvaluatePlain(*expression.arguments[i]));
    if (!dict) {
      made.push_back(*first);
      continue;
    }
    if (!first->is_string()) return absl::InvalidArgumentError("a dict's key must be a text");
    ASSIGN_OR_RETURN(const auto second, EvaluatePlain(*expression.arguments[i + 1]));
    made[first->get<std::string>()] = *second;
  }
  return Made(std::move(made));
}

absl::StatusOr<Value> Evaluator::Attribute(const Value& object, const std::string& name) {
  if (!object.defined()) {
    return absl::InvalidArgumentError(absl::StrCat("'", object.name, "' is undefined, and so is its ", name));
  }
  if (object.space && object.space->contains(name)) return Of((*object.space)[name]);
  if (object.json && object.json->is_object() && object.json->contains(name)) {
    return PartOf(object.json, object.json->at(name));
  }
  return Undefined(name);
}

absl::StatusOr<Value> Evaluator::EvaluateItem(const Expression& expression) {
  ASSIGN_OR_RETURN(const Value object, Evaluate(*expression.arguments[0]));
  ASSIGN_OR_RETURN(const auto key, EvaluatePlain(*expression.arguments[1]));
  if (key->is_string()) return Attribute(object, key->get<std::string>());
  ASSIGN_OR_RETURN(const auto whole, Plain(object));
  if (!key->is_number_integer()) return absl::InvalidArgumentError("an index must be a number or a text");
  ASSIGN_OR_RETURN(const int64_t size, Length(*whole));
  const int64_t given = key->get<int64_t>(), index = given < 0 ? given + size : given;
  if (whole->is_object() || index < 0 || index >= size) return Undefined(absl::StrCat("[", given, "]"));
  if (whole->is_array()) return PartOf(whole, (*whole)[static_cast<size_t>(index)]);
  return Made(Slice(*whole, index, index + 1, std::nullopt));
}

absl::StatusOr<Value> Evaluator::EvaluateSlice(const Expression& expression) {
  ASSIGN_OR_RETURN(const auto whole, EvaluatePlain(*expression.arguments[0]));
  std::optional<int64_t> bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    if (expression.arguments[i + 1] == nullptr) continue;
    ASSIGN_OR_RETURN(const auto bound, EvaluatePlain(*expression.arguments[i + 1]));
    if (bound->is_null()) continue;
    if (!bound->is_number_integer())
      return absl::InvalidArgumentError("a slice's bounds must be whole numbers");
    bounds[i] = bound->get<int64_t>();
  }
  RETURN_IF_ERROR(ChargeFor(*whole));
  return Made(Slice(*whole, bounds[0], bounds[1], bounds[2]));
}

absl::StatusOr<Arguments> Evaluator::EvaluateArguments(const Expression& call) {
  Arguments arguments;
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    ASSIGN_OR_RETURN(const auto value, EvaluatePlain(*call.arguments[i]));
    arguments.values.push_back(*value);
  }
  for (const auto& [name, expression] : call.named) {
    ASSIGN_OR_RETURN(const auto value, EvaluatePlain(*expression));
    arguments.named[name] = *value;
  }
  return arguments;
}

absl::StatusOr<Value> Evaluator::EvaluateCall(const Expression& call) {
  const Expression& callee = *call.arguments[0];
  if (callee.kind == Kind::kAttribute) {
    ASSIGN_OR_RETURN(const Value object, Evaluate(*callee.arguments[0]));
    ASSIGN_OR_RETURN(const auto self, Plain(object));
    ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(call));
    RETURN_IF_ERROR(ChargeFor(*self));
    return Made(CallMethod(callee.name, *self, arguments));
  }
  ASSIGN_OR_RETURN(const Value function, Evaluate(callee));
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(call));
  return CallFunction(function, arguments);
}

absl::StatusOr<Value> Evaluator::CallFunction(const Value& function, const Arguments& arguments) {
  if (function.macro != nullptr) return CallMacro(*function.macro, arguments);
  if (function.function == "range") return Range(arguments);
  if (function.function == "namespace") {
    Value space;
    space.space = std::make_shared<Json>(Json::object());
    for (const auto& [name, value] : arguments.named) (*space.space)[name] = value;
    return space;
  }
  if (function.function == "raise_exception") {
    ASSIGN_OR_RETURN(const std::string why, ToText(arguments.Get(0, "message", "no reason")));
    return absl::InvalidArgumentError(absl::StrCat("the template refuses: ", why));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", function.defined() ? "a value" : function.name, "' cannot be called"));
}

absl::StatusOr<Value> Evaluator::Range(const Arguments& arguments) {
  int64_t bounds[3] = {0, 0, 1};
  const size_t count = arguments.values.size();
  if (count < 1 || count > 3) return absl::InvalidArgumentError("range takes one to three numbers");
  for (size_t i = 0; i < count; ++i) {
    if (!arguments.values[i].is_number_integer())
      return absl::InvalidArgumentError("range takes whole numbers");
    bounds[count == 1 ? 1 : i] = arguments.values[i].get<int64_t>();
  }
  if (bounds[2] == 0) return absl::InvalidArgumentError("a range by steps of zero");
  Json list = Json::array();
  for (int64_t i = bounds[0]; bounds[2] > 0 ? i < bounds[1] : i > bounds[1]; i += bounds[2]) {
    RETURN_IF_ERROR(Charge(kEntryWork));
    list.push_back(i);
  }
  return Of(std::move(list));
}

absl::StatusOr<Value> Evaluator::EvaluateFilter(const Expression& filter) {
  ASSIGN_OR_RETURN(const Value value, Evaluate(*filter.arguments[0]));
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(filter));
  if (filter.name == "default" || filter.name == "d") {
    const bool takes_false = IsTrue(arguments.Get(1, "boolean", false));
    if (value.defined() && (!takes_false || True(value))) return value;
    return Made(arguments.Get(0, "default_value", ""));
  }
  if (!value.defined()) {
    if (const auto empty = UndefinedAs(filter.name)) return Made(ApplyFilter(filter.name, *empty, arguments));
  }
  ASSIGN_OR_RETURN(const auto json, Plain(value));
  RETURN_IF_ERROR(ChargeFor(*json));
  return Made(ApplyFilter(filter.name, *json, arguments));
}

absl::StatusOr<Value> Evaluator::EvaluateTest(const Expression& test) {
  ASSIGN_OR_RETURN(const Value value, Evaluate(*test.arguments[0]));
  if (test.name == "defined" || test.name == "undefined") {
    return Of(value.defined() == (test.name == "defined"));
  }
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(test));
  if (!value.defined()) return Of(false);
  ASSIGN_OR_RETURN(const auto json, Plain(value));
  ASSIGN_OR_RETURN(const bool holds, ApplyTest(test.name, *json, arguments));
  return Of(holds);
}

absl::StatusOr<Value> Evaluator::EvaluateUnary(const Expression& unary) {
  ASSIGN_OR_RETURN(const Value value, Evaluate(*unary.arguments[0]));
  if (unary.name == "not") return Of(!True(value));
  ASSIGN_OR_RETURN(const auto json, Plain(value));
  return Made(Operate(unary.name, 0, *json));
}

absl::StatusOr<Value> Evaluator::EvaluateBinary(const Expression& binary) {
  ASSIGN_OR_RETURN(const Value left, Evaluate(*binary.arguments[0]));
  if (binary.name == "and" || binary.name == "or") {
    if (True(left) == (binary.name == "or")) return left;
    return Evaluate(*binary.arguments[1]);
  }
  ASSIGN_OR_RETURN(const Value right, Evaluate(*binary.arguments[1]));
  if (binary.name == "==" || binary.name == "!=") {  // what is undefined equals only its like
    if (!left.defined() || !right.defined()) {
      return Of((left.defined() == right.defined()) == (binary.name == "=="));
    }
  }
  if (binary.name == "in" && !right.defined()) return Of(false);
  if (binary.name == "~") {
    ASSIGN_OR_RETURN(const std::string a, Text(left));
    ASSIGN_OR_RETURN(const std::string b, Text(right));
    return Made(Operate("~", a, b));
  }
  ASSIGN_OR_RETURN(const auto a, Plain(left));
  ASSIGN_OR_RETURN(const auto b, Plain(right));
  return Made(Operate(binary.name, *a, *b));
}

}  // namespace drover::model::jinja
