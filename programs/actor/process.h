// Builds an actor from its parts and runs it.
#pragma once

#include "absl/status/status.h"
#include "base/stop_signal.h"
#include "programs/actor/flags.h"

namespace drover::actor_process {

// Runs until the run is over or a signal has drained the actor. process::Conclude tells what an error means for the exit
// status.
absl::Status RunActor(const Flags& flags, StopSignal& signals);

}  // namespace drover::actor_process
