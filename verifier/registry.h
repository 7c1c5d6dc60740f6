// Named graders: a verifiable task is one file in graders/ that derives from Grader and registers itself by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {

// Thread-safe: Grade is const and keeps no state between calls.
class Grader {
 public:
  virtual ~Grader() = default;
  virtual Verdict Grade(const GradeRequest& request, const Options& options) const = 0;
};

// The grader of that name, living as long as the program; nullptr if there is none.
const Grader* FindGrader(std::string_view name);

// Names in alphabetical order, for error messages and listings.
std::vector<std::string> GraderNames();

// What every grader shares: the checks, the extraction by format, truncation; `judge` sees the answer's bytes.
using AnswerJudge = Reason (*)(const GradeRequest& request, std::string_view answer, const Options& options);
Verdict GradeExtracted(const GradeRequest& request, const Options& options, AnswerJudge judge);

// Defined one per file in graders/; registry.cc lists them.
const Grader& MathGrader();
const Grader& CountdownGrader();
const Grader& ExactGrader();
const Grader& ChoiceGrader();

}  // namespace drover::verifier
