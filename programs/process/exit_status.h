// Statuses that a long-running program may end with, and that whoever started it tells apart.
#pragma once

namespace drover::process {

inline constexpr int kExitDone = 0;
inline constexpr int kExitTryAgain = 1;
inline constexpr int kExitConfiguration = 2;  // wrong configuration: trying again would not help
inline constexpr int kExitStopped = 75;  // a learner that was stopped before its last step, with a checkpoint

}  // namespace drover::process
