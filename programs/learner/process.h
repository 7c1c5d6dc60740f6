// Builds one rank of the learner from its parts and runs it.
#pragma once

#include "absl/status/statusor.h"
#include "base/stop_signal.h"
#include "drover/v1/recipe.pb.h"
#include "programs/learner/flags.h"
#include "programs/learner/run_loop.h"

namespace drover::learner_process {

// Runs this rank to its end. The first signal stops the run in order, at whatever rank it comes; the second one, or
// --drain-seconds, ends the process at once. process::Conclude tells what an error means for the exit status.
absl::StatusOr<RunEnd> RunRank(const Flags& flags, const v1::Recipe& recipe, StopSignal& signals);

}  // namespace drover::learner_process
