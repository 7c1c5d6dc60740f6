// Responses whose verdict was decided by reading: what judges of answering are measured against (labelled_answers.jsonl, compiled in).
// They were written for this purpose, easy and hard ones, after the kinds of texts that base models write. The rules of answer_rules.h were
// made with those of the part "develop" in view; those of the part "check" were left to measure them by.
#pragma once

#include <string>
#include <vector>

#include "analysis/agreement.h"

namespace drover::analysis {

struct LabelledAnswer {
  std::string id, question, response;
  bool check = false;    // of the part "check"
  bool answers = false;  // the label
};

const std::vector<LabelledAnswer>& LabelledAnswers();

// The labels (rows) against the rules (columns), both ANSWERS and CONTINUES; of the part "check" alone, or of all.
Agreement RulesOnLabels(bool check_only);

}  // namespace drover::analysis
