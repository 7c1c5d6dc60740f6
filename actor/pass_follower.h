// The other ranks of an actor that is several processes: what rank 0's PassLeader says is done here, too.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "actor/actor_ranks.h"
#include "model/transformer.h"

namespace drover::actor {

struct FollowOptions {
  // Rank 0 says something every few seconds while it is idle (PassLeader::KeepAlive), and nothing while it waits for input: one
  // that is silent for longer is lost. One whose process ends is missed at once.
  absl::Duration patience = absl::Minutes(10);
  std::function<void()> heard = [] {};  // after each word of rank 0
};

// Until rank 0 says stop: OK. `model` is this rank's part, its group `ranks`. Errors are those of the collectives (a rank is
// lost), of memory that cannot be had, INTERNAL for a word of rank 0 that makes no sense, and DATA_LOSS for weights that did not come as rank 0 had them; after any the process
// ends, so that the others hear of it.
absl::Status FollowPasses(ActorRanks& ranks, std::unique_ptr<model::Transformer> model,
                          const FollowOptions& options);

}  // namespace drover::actor
