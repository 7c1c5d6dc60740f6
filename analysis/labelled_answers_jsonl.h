#pragma once

namespace drover::analysis {

// The bytes of analysis/labelled_answers.jsonl.
extern const char kLabelledAnswersJsonl[];

}  // namespace drover::analysis
