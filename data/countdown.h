// Countdown: numbers and a target to reach with them, each used exactly once. Solvable by construction, and graded by the
// verifier's grader `countdown`, which takes any expression that reaches the target.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "data/question.h"
#include "data/seeded_questions.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

struct CountdownProblem {
  std::vector<uint64_t> numbers = {1, 1};  // ascending
  uint64_t target = 2;
  std::string expression = "1 + 1";     // one that reaches it, without brackets around all of it
  std::vector<std::string> steps = {};  // "55 + 36 = 91", in the order of their evaluation
};

class CountdownKind {
 public:
  using Problem = CountdownProblem;
  explicit CountdownKind(v1::CountdownSettings settings) : settings_(std::move(settings)) {}

  // Numbers are drawn, then two of what is there at a time become one by + - * or /, until one is left: the target, when it
  // is at most settings.max_target and none of the numbers; else all is drawn anew.
  Problem Draw(RandomStream& random) const;
  std::string Text(const Problem& problem) const;
  // Its answer is the grader's task, "65: 7 19 36 55"; its level how many numbers there are.
  Question AsQuestion(const Problem& problem) const;
  // " 55 + 36 = 91, ..., \boxed{(55 + 36) - ...}"; there is nothing to forget.
  std::string Worked(const Problem& problem, const Forgets& forgets) const;
  std::string LongestText() const;
  std::string Characters() const;

 private:
  v1::CountdownSettings settings_;
};

}  // namespace drover::data
