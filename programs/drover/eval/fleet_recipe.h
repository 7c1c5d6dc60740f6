// The recipe of a run that only evaluates: what drover-learner, the actors and the verifiers of `drover eval --fleet` go by.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "drover/v1/recipe.pb.h"
#include "evaluation/responder.h"

namespace drover::cli {

// What is asked, apart from the questions.
struct FleetModel {
  std::string model;              // a Hugging Face directory, or one of adapters
  std::string device = "auto";    // of the learner, which hands the weights out
  std::string dtype = "float32";  // float32 or bfloat16
  std::string grader = "math";    // of the verifiers: what they find stays in the run folder
  std::string format = "boxed";   // likewise
};

// Effective and valid, the files apart: no rollouts, no held-out questions, and as its suite `questions`, a JSONL file whose problems
// are whole prompts. All of `asks`, one at least, have prompts and as many responses each. INVALID_ARGUMENT for what a fleet cannot do
// (top_p, top_k, min_p), for prompts that leave no room for a response, and for what the recipe's own checks find.
absl::StatusOr<v1::Recipe> FleetRecipe(const FleetModel& model, const std::string& questions,
                                       absl::Span<const evaluation::Ask> asks,
                                       const evaluation::Sampling& sampling);

}  // namespace drover::cli
