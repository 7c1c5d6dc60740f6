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

#include "absl/time/time.h"
#include "model/rank_gather.h"
#include "ranks/collectives.h"

namespace drover::actor {

// Not thread-safe.
class ActorRanks final : public model::RankGroup {
 public:
  // `collectives` outlives this. `patience`: of rank 0, for the others to be through with what they were told before; one
  // whose process ends is missed at once.
  explicit ActorRanks(Collectives* collectives, absl::Duration patience = absl::Minutes(10))
      : collectives_(*collectives), patience_(patience) {}

  model::RankShare share() const override { return {collectives_.rank(), collectives_.size()}; }
  // Throws std::runtime_error with the collectives' error.
  void Gather(const torch::Tensor& runs) override;

  Collectives& collectives() { return collectives_; }
  absl::Duration patience() const { return patience_; }

  // Of rank 0: whether the end of its engine is one in order, of which the others are told. Where it is not they hear of it as
  // of any rank that is lost, and no process's end in order hides this one's.
  void set_in_order(bool in_order) { in_order_ = in_order; }
  bool in_order() const { return in_order_; }

 private:
  Collectives& collectives_;
  const absl::Duration patience_;
  bool in_order_ = true;
};

}  // namespace drover::actor
