// An actor that is several processes (actors.tensor_parallel, decision 0024): how they come together, and what each but rank 0
// does. Rank 0 alone talks to learner and verifiers; the others are told by it what the model is, its weights and each pass.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actor/actor_ranks.h"
#include "base/heartbeat.h"
#include "base/stop_signal.h"
#include "drover/v1/recipe.pb.h"
#include "model/config.h"
#include "model/transformer.h"
#include "programs/actor/flags.h"
#include "programs/actor/setup.h"
#include "programs/process/readiness.h"
#include "ranks/collectives.h"

namespace drover::actor_process {

// After the drain's own deadline, for threads to be joined; then a process, of whatever rank, ends without that.
inline constexpr absl::Duration kLastWait = absl::Seconds(5);

// Rank 0's view of its actor's ranks.
class ActorGroup {
 public:
  // Waits for the other ranks and tells them of the setup; of an actor of one process there is nothing to do. INVALID_ARGUMENT
  // where --ranks is not what the recipe says or the model cannot be shared out so; errors of joining.
  static absl::StatusOr<std::unique_ptr<ActorGroup>> Gather(const Flags& flags, const Setup& setup);

  // Null: the actor is one process.
  actor::ActorRanks* ranks() { return ranks_.get(); }
  // Another rank was told to stop: the actor should drain. Thread-safe.
  bool asked_to_stop() { return collectives_->AskedToStop(); }

 private:
  std::unique_ptr<Collectives> collectives_;
  std::unique_ptr<actor::ActorRanks> ranks_;
};

// The shape alone: no token is sampled before the learner's weights have taken the place of these. `ranks` may be null.
absl::StatusOr<std::unique_ptr<model::Transformer>> MakeModel(const Flags& flags, const v1::Recipe& recipe,
                                                              const model::ModelConfig& config,
                                                              actor::ActorRanks* ranks);

// A rank above 0, until rank 0 ends in order, or an error. SIGTERM asks rank 0 to drain.
absl::Status RunOtherRank(const Flags& flags, StopSignal& signals);

}  // namespace drover::actor_process
