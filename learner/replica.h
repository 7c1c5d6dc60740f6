// What every rank of a learner holds: model, counters, the frozen reference, which between two commands of rank 0 are the
// same to the bit on every rank, and the moments: all of them alike, or, with sharding, its own part (of the model's weights,
// too, with Sharding::kWeights). Internal to the
// learner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "learner/losses/loss.h"
#include "learner/shard_writer.h"
#include "learner/stepper.h"
#include "learner/trainer_options.h"
#include "learner/trainer_state.h"
#include "learner/value_head.h"
#include "model/transformer.h"
#include "ranks/collectives.h"

namespace drover::learner {

// Not thread-safe.
struct Replica {
  // `transformer` is trainable; `group` outlives the replica.
  Replica(const TrainerOptions& trainer_options, std::unique_ptr<model::Transformer> transformer,
          Collectives* group);

  // Collective: rank 0's frozen weights become those of all. Nothing to do for a model without adapters.
  absl::Status ShareBase();
  // Collective: rank 0's state becomes that of all, its moments too. With sharding they are those of `restored`, which is
  // null on the other ranks, and on rank 0 where the moments are all 0, as at the beginning.
  absl::Status ShareState(const TrainerState* restored);
  // As the trainer's methods of these names, for this rank alone.
  absl::Status BeginReinforcement();
  // Whether a frozen policy takes part, in the loss or in the reward.
  bool needs_reference() const;
  // Whether only adapters are trained: the reference is then the model without them, and no part of the state.
  bool adapts() const { return model->options().lora.has_value(); }
  // All that is trained, by name: what a version of the weights is, and the value head's.
  std::map<std::string, torch::Tensor> trained() const;
  TrainerState State() const;
  // Collective: the model's Export, on rank 0; others get an empty set where ranks share the weights.
  absl::StatusOr<model::WeightSet> ExportWeights();
  // A new save: ranks other than 0 copy their moments and write them when rank 0 says so.
  absl::Status SaveShard();
  // Rank 0 alone: this rank's part. ShareState follows.
  absl::Status Restore(const TrainerState& given);

  const TrainerOptions options;
  const Loss loss;
  const std::unique_ptr<model::Transformer> model;
  const std::unique_ptr<const ValueHead> value_head;  // of a loss with values, or null
  Collectives* const collectives;
  Stepper stepper;
  std::unique_ptr<model::Transformer> reference;  // the frozen policy of the KL, or null
  std::string base_digest;                        // Trainer::base_digest
  uint64_t optimizer_steps = 0;                   // since BeginReinforcement, skipped ones included
  uint64_t saves = 0;                             // begun since the ranks came together

 private:
  absl::Status CopyToReference();
  absl::Status ShareWeights(const TrainerState* restored, bool any);
  void RestoreWeights(const TrainerState& state);
  absl::Status ShareMoments(const TrainerState* restored, bool any);

  ShardWriter writer_;  // the last member: its thread is waited for before the others go
};

}  // namespace drover::learner
