// What the expressions of a template stand for, while it is rendered.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/jinja/ast.h"
#include "model/jinja/builtins.h"
#include "model/jinja/value.h"

namespace drover::model::jinja {

inline constexpr int kMaxNesting = 300;  // of evaluations, each a few hundred bytes of stack

// What a name or an expression stands for. Values are shared, never changed, but for a namespace's.
struct Value {
  std::shared_ptr<const Json> json;  // null: one of those below, or undefined
  std::shared_ptr<Json> space;       // a namespace
  const Statement* macro = nullptr;  // {% macro %}
  std::string function;              // range, namespace, raise_exception
  std::string name;                  // of what is undefined
  bool defined() const { return json || space || macro != nullptr || !function.empty(); }
};

Value Of(Json json);
Value Undefined(std::string name);
// A part of a value, which it keeps alive.
Value PartOf(const std::shared_ptr<const Json>& whole, const Json& part);

using Scope = std::map<std::string, Value>;

// The renderer of statements is built on it.
class Evaluator {
 public:
  explicit Evaluator(const Json& context);
  virtual ~Evaluator() = default;

 protected:
  virtual absl::StatusOr<Value> CallMacro(const Statement& macro, const Arguments& arguments) = 0;

  // RESOURCE_EXHAUSTED once there was too much work.
  absl::Status Charge(size_t work);
  // Charges for a value that was made, so that values of values cannot grow without bound.
  absl::Status ChargeFor(const Json& value);

  absl::StatusOr<Value> Evaluate(const Expression& expression);
  Value Find(const std::string& name) const;

  static bool True(const Value& value);
  // The value as JSON; what is undefined cannot be worked with.
  static absl::StatusOr<std::shared_ptr<const Json>> Plain(const Value& value);
  // str(value), nothing for what is undefined.
  static absl::StatusOr<std::string> Text(const Value& value);

  std::vector<Scope> scopes_;  // the template's own, then those of the loops that run
  int nesting_ = 0;

 private:
  absl::StatusOr<Value> Made(absl::StatusOr<Json> json);
  static absl::StatusOr<Value> Attribute(const Value& object, const std::string& name);
  // An expression's value as JSON.
  absl::StatusOr<std::shared_ptr<const Json>> EvaluatePlain(const Expression& expression);
  absl::StatusOr<Value> EvaluateKind(const Expression& expression);
  absl::StatusOr<Value> EvaluateItems(const Expression& expression);
  absl::StatusOr<Value> EvaluateItem(const Expression& expression);
  absl::StatusOr<Value> EvaluateSlice(const Expression& expression);
  absl::StatusOr<Arguments> EvaluateArguments(const Expression& call);
  absl::StatusOr<Value> EvaluateCall(const Expression& call);
  absl::StatusOr<Value> CallFunction(const Value& function, const Arguments& arguments);
  absl::StatusOr<Value> Range(const Arguments& arguments);
  absl::StatusOr<Value> EvaluateFilter(const Expression& filter);
  absl::StatusOr<Value> EvaluateTest(const Expression& test);
  absl::StatusOr<Value> EvaluateUnary(const Expression& unary);
  absl::StatusOr<Value> EvaluateBinary(const Expression& binary);

  size_t work_ = 0;
};

}  // namespace drover::model::jinja
