// A gold answer as the fuzzer sees it: values, and what stands around them.
#pragma once

#include <string>
#include <vector>

#include "verifier/mutation/expr.h"
#include "verifier/mutation/latex.h"

namespace drover::verifier::mutation {

enum class Shape {
  kScalar,    // value
  kTuple,     // ( items ), in order
  kList,      // items, in any order
  kSet,       // \{ items \}, in any order
  kInterval,  // open items[0], items[1] close; an end without a value is infinite
  kNamed,     // name = items[0]
  kQuantity,  // value with a unit, as `before` and `after` write it
  kWord,      // before: a word that is no mathematics
  kChoice,    // before: one letter of A to E
};

struct Answer {
  Shape shape = Shape::kScalar;
  Expr value;  // kScalar and kQuantity; an interval's infinite ends have none
  std::vector<Answer> items;
  std::string name;           // kNamed: x, or f(x)
  std::string before, after;  // kQuantity: "\\$", "^\\circ", "\\%", "\\text{ cm}"; kInterval: "(" and "]"
};

Answer Scalar(Expr value);
std::string Write(const Answer& answer, const Spelling& spelling = {});

// The scalars anywhere inside, in order, and a copy with the one at `place` replaced.
std::vector<Expr> Leaves(const Answer& answer);
Answer WithLeaf(const Answer& answer, int place, const Expr& by);

// True if the values prove that the two differ: not the same shape with equal values, and no repeated or reordered
// elements that a convention would forgive. Names, units and words are not looked at.
bool ProvedDifferent(const Answer& gold, const Answer& answer);

}  // namespace drover::verifier::mutation
