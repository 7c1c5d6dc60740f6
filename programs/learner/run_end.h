#pragma once

namespace drover::learner_process {

// How a run's loop ended in order: the run is over, or a later start goes on with it.
enum class RunEnd { kDone, kStopped };

}  // namespace drover::learner_process
