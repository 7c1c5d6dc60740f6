// What a person sees of `drover eval` and `drover compare`. Pure.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "evaluation/compare.h"
#include "evaluation/evaluation.h"
#include "programs/drover/eval/fleet_responder.h"

namespace drover::cli {

// "120 of 1560 questions, 38.3 % right, 412 tokens a response, 1:02:11 left". `elapsed` is since this start; no time left
// before it has answered a question.
std::string ProgressText(const evaluation::Progress& progress, absl::Duration elapsed);

// "120 of 1560 questions answered by 3 actors"; what is missing where there is none.
std::string FleetText(const FleetOptions::Progress& progress);

// The table of an evaluation, and its levels and subjects below.
std::string ResultsText(const evaluation::Evaluated& evaluated);

// Published scores of the evaluation's benchmarks beside its own; empty where none of its benchmarks has any.
std::string PublishedText(const evaluation::Evaluated& evaluated);

// The table of a comparison.
std::string ComparisonText(const evaluation::Comparison& comparison);

}  // namespace drover::cli
