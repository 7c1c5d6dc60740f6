// Word problems from templates: sums, differences, products and shares of one or two steps, told of people and things. As easy
// as the questions of ASDiv, and as many as wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/random.h"
#include "data/question.h"
#include "data/seeded_questions.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

struct WordProblem {
  size_t story = 0;  // of the table in word_problems.cc, which docs/reference/questions.md repeats
  size_t who = 0, other = 1, thing = 0;
  uint64_t x = 2, y = 2, z = 0;
};

class WordProblemKind {
 public:
  using Problem = WordProblem;
  explicit WordProblemKind(v1::WordProblemSettings settings) : settings_(std::move(settings)) {}

  Problem Draw(RandomStream& random) const;
  std::string Text(const Problem& problem) const;
  // Its level is the number of steps.
  Question AsQuestion(const Problem& problem) const;
  // " 3 * 4 = 12, 12 + 5 = 17, \boxed{17}"; there is nothing to forget.
  std::string Worked(const Problem& problem, const Forgets& forgets) const;
  std::string LongestText() const;
  std::string Characters() const;

 private:
  v1::WordProblemSettings settings_;
};

}  // namespace drover::data
