#include "data/arithmetic.h"

#include "absl/strings/str_cat.h"

namespace drover::data {
namespace {

uint64_t PowerOfTen(uint32_t exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

uint64_t DrawOperand(const v1::ArithmeticSettings& settings, RandomStream& random) {
  const uint32_t digits =
      settings.min_digits() +
      static_cast<uint32_t>(random.Below(settings.max_digits() - settings.min_digits() + 1));
  const uint64_t lowest = digits == 1 ? 0 : PowerOfTen(digits - 1);
  return lowest + random.Below(PowerOfTen(digits) - lowest);
}

}  // namespace

ArithmeticProblem ArithmeticKind::Draw(RandomStream& random) const {
  ArithmeticProblem problem;
  problem.operation = settings_.operations()[random.Below(settings_.operations().size())];
  problem.left = DrawOperand(settings_, random);
  problem.right = DrawOperand(settings_, random);
  if (problem.operation == '-' && problem.left < problem.right) std::swap(problem.left, problem.right);
  return problem;
}

Question ArithmeticKind::AsQuestion(const Problem& problem) const {
  return {.text = Text(problem), .gold = {problem.Answer()}};
}

std::string ArithmeticKind::LongestText() const {
  const uint64_t largest = PowerOfTen(settings_.max_digits()) - 1;
  return Text({.left = largest, .right = largest});
}

std::string ArithmeticKind::Characters() const {
  return absl::StrCat("0123456789=", settings_.operations(), settings_.style() == v1::PLAIN ? " " : ":;");
}

}  // namespace drover::data
