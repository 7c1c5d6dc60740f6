// RUN/recipe.textproto, which tells readers of the folder what the run goes by.
#pragma once

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// Writes the effective recipe of a run that has begun, or goes on with changes; nothing where the file has it already.
absl::Status KeepRecipe(const v1::Recipe& recipe, const run::RunFolder& folder);

}  // namespace drover::learner_process
