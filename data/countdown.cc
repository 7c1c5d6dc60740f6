#include "data/countdown.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::data {
namespace {

// A number on the way to the target, and how it came to be: a number that was given, or two others in brackets.
struct Part {
  uint64_t value = 0;
  std::string text;
};

// What is left of a drawn operation that these two do not allow: no result is negative, zero or a fraction.
char Allowed(char operation, uint64_t larger, uint64_t smaller) {
  if (operation == '-' && larger == smaller) return '+';
  if (operation == '/' && larger % smaller != 0) return '+';
  return operation;
}

uint64_t Result(char operation, uint64_t larger, uint64_t smaller) {
  if (operation == '+') return larger + smaller;
  if (operation == '-') return larger - smaller;
  return operation == '*' ? larger * smaller : larger / smaller;
}

Part TakeOne(std::vector<Part>& parts, RandomStream& random) {
  const auto at = parts.begin() + static_cast<ptrdiff_t>(random.Below(parts.size()));
  Part part = std::move(*at);
  parts.erase(at);
  return part;
}

std::string WithoutBrackets(const std::string& text) { return text.substr(1, text.size() - 2); }

}  // namespace

// About a third of all draws reach a target that may be asked.
constexpr int kDraws = 10'000;

CountdownProblem CountdownKind::Draw(RandomStream& random) const {
  constexpr char kOperations[] = {'+', '-', '*', '/'};
  for (int draw = 0; draw < kDraws; ++draw) {
    CountdownProblem problem;
    const uint64_t count =
        settings_.min_numbers() + random.Below(settings_.max_numbers() - settings_.min_numbers() + 1);
    std::vector<Part> parts;
    problem.numbers.clear();
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t number = 1 + random.Below(settings_.max_number());
      problem.numbers.push_back(number);
      parts.push_back({number, absl::StrCat(number)});
    }
    while (parts.size() > 1) {
      Part larger = TakeOne(parts, random), smaller = TakeOne(parts, random);
      if (larger.value < smaller.value) std::swap(larger, smaller);
      const char operation = Allowed(kOperations[random.Below(4)], larger.value, smaller.value);
      const std::string sign(1, operation);
      const uint64_t value = Result(operation, larger.value, smaller.value);
      problem.steps.push_back(absl::StrCat(larger.value, " ", sign, " ", smaller.value, " = ", value));
      parts.push_back({value, absl::StrCat("(", larger.text, " ", sign, " ", smaller.text, ")")});
    }
    problem.target = parts[0].value;
    const bool given =
        std::find(problem.numbers.begin(), problem.numbers.end(), problem.target) != problem.numbers.end();
    if (problem.target > settings_.max_target() || given) continue;
    problem.expression = WithoutBrackets(parts[0].text);
    std::sort(problem.numbers.begin(), problem.numbers.end());
    return problem;
  }
  return {};
}

std::string CountdownKind::Text(const Problem& problem) const {
  return absl::StrCat("Using the numbers ", absl::StrJoin(problem.numbers, ", "),
                      ", each exactly once, and + - * / with brackets, write an expression that equals ",
                      problem.target, ".");
}

Question CountdownKind::AsQuestion(const Problem& problem) const {
  Question question;
  question.text = Text(problem);
  question.gold = {absl::StrCat(problem.target, ": ", absl::StrJoin(problem.numbers, " "))};
  question.level = static_cast<uint32_t>(problem.numbers.size());
  return question;
}

std::string CountdownKind::Worked(const Problem& problem, const Forgets&) const {
  return absl::StrCat(" ", absl::StrJoin(problem.steps, ", "), ", \\boxed{", problem.expression, "}");
}

std::string CountdownKind::LongestText() const {
  CountdownProblem longest;
  longest.numbers.assign(settings_.max_numbers(), settings_.max_number());
  longest.target = settings_.max_target();
  return Text(longest);
}

std::string CountdownKind::Characters() const {
  return absl::StrCat("0123456789=(){}\\boxed,", Text({.numbers = {1}, .target = 1}));
}

}  // namespace drover::data
