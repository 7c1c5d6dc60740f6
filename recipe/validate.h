// Whether a recipe can run, found out before any process starts: each field within its rule, then what concerns
// several fields together, then the files that it names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

struct ValidateOptions {
  // Whether model.path, data.train and data.heldout must be there and readable, to their last line, and fit each
  // other. Off on machines that run a process which does not read them (a verifier).
  bool check_files = true;
  // With check_files: off where the questions are read anyway before anything is made of them (the learner). Then they
  // must only be there.
  bool read_questions = true;
  // Where LoadRecipe puts Problems::warnings(); may be null.
  std::vector<std::string>* warnings = nullptr;
};

// Adds to `problems` all that is wrong with `recipe`, which has its defaults filled in. Checks over several
// fields are left out where one of these fields already has a problem.
void FindProblems(const v1::Recipe& recipe, const ValidateOptions& options, Problems& problems);

// INVALID_ARGUMENT with every problem.
absl::Status Validate(const v1::Recipe& recipe, const ValidateOptions& options = {});

}  // namespace drover::recipe
