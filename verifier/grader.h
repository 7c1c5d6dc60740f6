// The public face of Drover's verifier: extracts a model's final answer from its response and decides whether it
// equals one of the gold answers. Pure functions: no I/O, no threads, no clocks; the same request gives the same
// verdict on every machine. Every grade is bounded by Options::budget, counted in operations and never in time.
//
//   drover::verifier::GradeRequest request;
//   request.golds = {"\\frac{1}{2}"};
//   request.response = "Therefore the answer is \\boxed{0.5}.";
//   drover::verifier::Verdict v = drover::verifier::Grade(request);   // v.reward == 1
//
// The reward formats' truth table is docs/reference/reward-formats.md, the grammar docs/reference/math-grammar.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifier/types.h"

namespace drover::verifier {

// Grades with the `math` grader. Never throws, never aborts.
Verdict Grade(const GradeRequest& request, const Options& options = {});

// What a person argues with: both readings, their normal forms and the rule that decided, as indented text.
std::string ExplainGrade(const GradeRequest& request, const Options& options = {});

// A verifiable task: one file in answer/graders/. Thread-safe: Grade is const and keeps no state between calls.
class Grader {
 public:
  virtual ~Grader() = default;
  virtual Verdict Grade(const GradeRequest& request, const Options& options) const = 0;
};

// The grader of that name, living as long as the program; nullptr if there is none.
const Grader* FindGrader(std::string_view name);

// Names in alphabetical order, for error messages and listings.
std::vector<std::string> GraderNames();

}  // namespace drover::verifier
