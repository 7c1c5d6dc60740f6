// The processes that are one actor (tensor parallelism, decision 0024): each holds its rank's part of the model
// (model/rank_share.h) and of the keys and values, and all run each pass together.
//
//   rank 0: Engine ── plans, draws, swaps ──▶ PassLeader ──┬─ Run ─────────▶ PassRunner ─┐
//                                                          │ PassCommand                 │ gathers, several a layer
//   rank r:                             FollowPasses ◀─────┘──── Run ──────▶ PassRunner ─┘
//
// Rank 0 alone decides: what is scheduled, guessed, drawn and cancelled happens there, and the others are told of each pass
// before it begins. Where a rank is lost the others hear it in their next collective, or when its deadline passes, and end;
// they are started again together.
#pragma once

#include "model/rank_gather.h"
#include "ranks/collectives.h"

namespace drover::actor {

// Not thread-safe.
class ActorRanks final : public model::RankGroup {
 public:
  // `collectives` outlives this.
  explicit ActorRanks(Collectives* collectives) : collectives_(*collectives) {}

  model::RankShare share() const override { return {collectives_.rank(), collectives_.size()}; }
  // Throws std::runtime_error with the collectives' error.
  void Gather(const torch::Tensor& runs) override;

  Collectives& collectives() { return collectives_; }

 private:
  Collectives& collectives_;
};

}  // namespace drover::actor
