#include "verifier/mutation/expr.h"

#include <algorithm>
#include <utility>

namespace drover::verifier::mutation {

Expr Make(Op op, std::vector<Expr> args) {
  return std::make_shared<const Node>(Node{op, "", std::move(args)});
}
Expr Make(Op op, std::string text, std::vector<Expr> args) {
  return std::make_shared<const Node>(Node{op, std::move(text), std::move(args)});
}
Expr Number(const std::string& digits) { return Make(Op::kNumber, digits); }
Expr Integer(int value) {
  return value < 0 ? Negative(Number(std::to_string(-value))) : Number(std::to_string(value));
}
Expr Symbol(const std::string& name) { return Make(Op::kSymbol, name); }
Expr Pi() { return Make(Op::kConstant, "\\pi"); }
Expr Sum(Expr a, Expr b) { return Make(Op::kSum, {std::move(a), std::move(b)}); }
Expr Difference(Expr a, Expr b) { return Sum(std::move(a), Negative(std::move(b))); }
Expr Product(Expr a, Expr b) { return Make(Op::kProduct, {std::move(a), std::move(b)}); }
Expr Quotient(Expr a, Expr b) { return Make(Op::kQuotient, {std::move(a), std::move(b)}); }
Expr Power(Expr base, Expr exponent) { return Make(Op::kPower, {std::move(base), std::move(exponent)}); }
Expr Negative(Expr a) { return Make(Op::kNegative, {std::move(a)}); }
Expr Root(Expr a) { return Make(Op::kRoot, "2", {std::move(a)}); }
Expr Function(const std::string& name, Expr a) { return Make(Op::kFunction, name, {std::move(a)}); }
Expr Absolute(Expr a) { return Make(Op::kAbsolute, {std::move(a)}); }

bool IsInteger(const Expr& expr, int* value) {
  if (expr->op == Op::kNegative) {
    if (!IsInteger(expr->args[0], value)) return false;
    *value = -*value;
    return true;
  }
  if (expr->op != Op::kNumber || expr->text.size() > 9) return false;
  if (expr->text.find('.') != std::string::npos) return false;
  *value = std::stoi(expr->text);
  return true;
}

int CountNodes(const Expr& expr) {
  int count = 1;
  for (const Expr& arg : expr->args) count += CountNodes(arg);
  return count;
}

Expr NodeAt(const Expr& expr, int place) {
  if (place == 0) return expr;
  --place;
  for (const Expr& arg : expr->args) {
    const int count = CountNodes(arg);
    if (place < count) return NodeAt(arg, place);
    place -= count;
  }
  return expr;
}

Expr ReplaceAt(const Expr& expr, int place, const Expr& by) {
  if (place == 0) return by;
  --place;
  Node copy = *expr;
  for (Expr& arg : copy.args) {
    const int count = CountNodes(arg);
    if (place < count) {
      arg = ReplaceAt(arg, place, by);
      break;
    }
    place -= count;
  }
  return std::make_shared<const Node>(std::move(copy));
}

bool Any(const Expr& expr, const std::function<bool(const Node&)>& says) {
  return says(*expr) ||
         std::any_of(expr->args.begin(), expr->args.end(), [&](const Expr& arg) { return Any(arg, says); });
}

std::vector<std::string> Symbols(const Expr& expr) {
  std::vector<std::string> names;
  Any(expr, [&](const Node& node) {
    if (node.op == Op::kSymbol && std::find(names.begin(), names.end(), node.text) == names.end()) {
      names.push_back(node.text);
    }
    return false;
  });
  return names;
}

Expr Substitute(const Expr& expr, const std::string& name, const Expr& by) {
  if (expr->op == Op::kSymbol) return expr->text == name ? by : expr;
  Node copy = *expr;
  for (Expr& arg : copy.args) arg = Substitute(arg, name, by);
  return std::make_shared<const Node>(std::move(copy));
}

}  // namespace drover::verifier::mutation
