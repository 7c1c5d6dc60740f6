// Builds an actor from its parts and runs it.
#pragma once

#include "absl/status/status.h"
#include "base/stop_signal.h"
#include "drover/v1/recipe.pb.h"
#include "services/actor/flags.h"

namespace drover::actor_process {

// Runs until the run is over or a signal has drained the actor. INVALID_ARGUMENT, NOT_FOUND and FAILED_PRECONDITION
// mean a wrong configuration: trying again would not help.
absl::Status RunActor(const Flags& flags, const v1::Recipe& recipe, StopSignal& signals);

}  // namespace drover::actor_process
