// The graders that registry.cc lists, and what they share.
#pragma once

#include <string_view>

#include "verifier/grader.h"

namespace drover::verifier {

// What every grader shares: the checks, the extraction by format, truncation; `judge` sees the answer's bytes. In grade.cc.
using AnswerJudge = Reason (*)(const GradeRequest& request, std::string_view answer, const Options& options);
Verdict GradeExtracted(const GradeRequest& request, const Options& options, AnswerJudge judge);

// Defined one per file in graders/.
const Grader& MathGrader();
const Grader& CountdownGrader();
const Grader& ExactGrader();
const Grader& ChoiceGrader();

}  // namespace drover::verifier
