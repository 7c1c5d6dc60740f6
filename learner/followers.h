// The life of ranks other than 0: they do what rank 0 says.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "learner/trainer.h"
#include "ranks/collectives.h"

namespace drover::learner {

struct FollowOptions {
  // Rank 0 says something (an update, KeepAlive) at least this often, or it is taken for dead.
  absl::Duration idle_timeout = absl::Hours(1);
  // Called before each wait for rank 0 and before each command is executed. Null: nothing.
  std::function<void()> waiting;
  std::function<void()> working;
};

// Executes what rank 0 announces until StopFollowers. An error (a lost peer, an error of the execution, which rank 0
// met too) ends it: end the process.
absl::StatusOr<FollowEnd> FollowLeader(Trainer& trainer, Collectives& collectives,
                                       const FollowOptions& options = {});

}  // namespace drover::learner
