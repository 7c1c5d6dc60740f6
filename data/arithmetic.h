// Arithmetic of two numbers: what data.train "arithmetic" asks.
#pragma once

#include <string>
#include <utility>

#include "base/random.h"
#include "data/arithmetic_problem.h"
#include "data/question.h"
#include "data/seeded_questions.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// The operands have from settings.min_digits to settings.max_digits digits.
class ArithmeticKind {
 public:
  using Problem = ArithmeticProblem;
  explicit ArithmeticKind(v1::ArithmeticSettings settings) : settings_(std::move(settings)) {}

  Problem Draw(RandomStream& random) const;
  std::string Text(const Problem& problem) const { return problem.Text(settings_.style()); }
  Question AsQuestion(const Problem& problem) const;
  std::string Worked(const Problem& problem, const Forgets& forgets) const {
    return WorkedResponse(problem, settings_.style(), forgets);
  }
  std::string LongestText() const;
  std::string Characters() const;

 private:
  v1::ArithmeticSettings settings_;
};

using ArithmeticGenerator = SeededQuestions<ArithmeticKind>;

}  // namespace drover::data
