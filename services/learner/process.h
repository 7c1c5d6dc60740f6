// Builds one rank of the learner from its parts and runs it.
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"
#include "services/learner/flags.h"
#include "services/learner/run_loop.h"

namespace drover::learner_process {

// Runs this rank to its end. `stop` is set when the process is asked to stop. INVALID_ARGUMENT, NOT_FOUND and
// FAILED_PRECONDITION mean a wrong configuration: trying again would not help.
absl::StatusOr<RunEnd> RunRank(const Flags& flags, const v1::Recipe& recipe, const std::atomic<bool>& stop);

}  // namespace drover::learner_process
