#include "data/arithmetic_problem.h"

#include "absl/strings/str_cat.h"

namespace drover::data {

std::string ArithmeticProblem::Answer() const {
  if (operation == '+') return absl::StrCat(left + right);
  if (operation == '-') return absl::StrCat(left - right);
  return absl::StrCat(left * right);
}

std::string ArithmeticProblem::Text(v1::ArithmeticStyle style) const {
  const std::string op(1, operation);
  if (style == v1::PLAIN) return absl::StrCat(left, " ", op, " ", right, " =");
  return absl::StrCat(left, op, right, ":");
}

}  // namespace drover::data
