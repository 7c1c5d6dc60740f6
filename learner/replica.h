// What every rank of a learner holds alike: model, moments, counters, the frozen reference. Between two commands of
// rank 0 it is the same to the bit on every rank. Internal to the learner.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "learner/collectives.h"
#include "learner/losses/loss.h"
#include "learner/stepper.h"
#include "learner/trainer_options.h"
#include "learner/trainer_state.h"
#include "model/transformer.h"

namespace drover::learner {

// Not thread-safe.
struct Replica {
  // `transformer` is trainable; `group` outlives the replica.
  Replica(const TrainerOptions& trainer_options, std::unique_ptr<model::Transformer> transformer,
          Collectives* group);

  // Collective: rank 0's state becomes that of all.
  absl::Status ShareState();
  // As the trainer's methods of these names, for this rank alone.
  absl::Status BeginReinforcement();
  TrainerState State() const;
  absl::Status Restore(const TrainerState& given);

  const TrainerOptions options;
  const Loss loss;
  const std::unique_ptr<model::Transformer> model;
  Collectives* const collectives;
  Stepper stepper;
  std::unique_ptr<model::Transformer> reference;  // the frozen policy of the KL term, or null
  uint64_t optimizer_steps = 0;                   // since BeginReinforcement, skipped ones included
};

}  // namespace drover::learner
