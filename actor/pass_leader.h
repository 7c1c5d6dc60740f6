// Rank 0's side of an actor's ranks, and of an actor that is one process: runs passes and takes weights, here and, told
// before, everywhere.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actor/actor_ranks.h"
#include "actor/pass_runner.h"
#include "drover/v1/pass.pb.h"
#include "model/weight_set.h"

namespace drover::actor {

// Not thread-safe.
class PassLeader {
 public:
  // `ranks` is null, or what the model's group is, and outlives this. Errors of MakeCache and of the collectives.
  static absl::StatusOr<std::unique_ptr<PassLeader>> Create(std::unique_ptr<model::Transformer> model,
                                                            int32_t pages, ActorRanks* ranks);
  // The other ranks end in order, unless they are in the middle of something that failed here, or ActorRanks says otherwise.
  ~PassLeader();

  // PassRunner's. With several ranks what it throws is the actor's end: the others are in the middle of the pass.
  torch::Tensor Run(const Pass& pass);
  bool several() const { return ranks_ != nullptr; }

  // Transformer's Import, or ImportBase; nothing changes on an INVALID_ARGUMENT.
  absl::Status Import(bool base, const model::WeightSet& weights);

  // Tells the other ranks that there is nothing to do, where they have heard nothing for some seconds. An error: a rank is
  // lost.
  absl::Status KeepAlive();

  const model::Transformer& model() const { return runner_.model(); }
  const model::KvCache& cache() const { return runner_.cache(); }

 private:
  PassLeader(PassRunner runner, ActorRanks* ranks) : runner_(std::move(runner)), ranks_(ranks) {}
  absl::Status Announce(const v1::PassCommand& command);
  absl::Status ImportEverywhere(bool base, const model::WeightSet& weights);

  PassRunner runner_;
  ActorRanks* const ranks_;
  absl::Time announced_ = absl::InfinitePast();
  bool failed_ = false;
};

}  // namespace drover::actor
