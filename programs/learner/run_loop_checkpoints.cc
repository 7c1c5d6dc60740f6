// How a run is saved while it goes on: one checkpoint at a time is in flight.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/learner/run_loop.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kCopying = absl::Minutes(10);  // of a large state, in memory

}  // namespace

// One that neither pretrains nor trains has the weights that it was given and no others.
bool RunLoop::MakesWeights() const {
  return parts_.recipe.run().steps() > 0 || parts_.recipe.pretrain().batches() > 0;
}

absl::Status RunLoop::BeginCheckpoint() {
  if (!MakesWeights() || saved_ == version_ || saving_ == version_) return absl::OkStatus();
  RETURN_IF_ERROR(Enter(RunLoopPhase::kCheckpointing));
  RETURN_IF_ERROR(AwaitCheckpoint());
  pulse_.Beat(kCopying);
  parts_.checkpoints->Begin(version_, history_);
  saving_ = version_;
  Spend();
  return absl::OkStatus();
}

absl::Status RunLoop::TakeCheckpoint(absl::Duration timeout) {
  if (!saving_) return absl::OkStatus();
  const std::optional<SaveOutcome> outcome = parts_.checkpoints->Take(timeout);
  if (!outcome) return absl::OkStatus();
  saving_.reset();
  save_failed_ = outcome->status;
  if (!outcome->status.ok()) {
    parts_.metrics->CheckpointFailed();
    parts_.status->Tell(absl::StrCat("the checkpoint of rollout ", outcome->place.step,
                                     " could not be written: ", outcome->status.message()));
    return absl::OkStatus();
  }
  // The journal keeps what the oldest of them needs to be gone on from, should the newer ones be damaged.
  RETURN_IF_ERROR(parts_.store->MarkCheckpoint(outcome->oldest.step, outcome->oldest.path));
  saved_ = outcome->place.step;
  parts_.metrics->Checkpointed(outcome->bytes, outcome->seconds);
  pulse_.KeepClock();
  log::Info("checkpoint", {{"path", outcome->place.path},
                           {"version", outcome->place.step},
                           {"bytes", outcome->bytes},
                           {"seconds", outcome->seconds}});
  return absl::OkStatus();
}

absl::Status RunLoop::AwaitCheckpoint() {
  while (saving_) {
    RETURN_IF_ERROR(TakeCheckpoint(kPoll));
    Spend();
    RETURN_IF_ERROR(pulse_.KeepRanks());
  }
  return absl::OkStatus();
}

absl::Status RunLoop::Checkpoint() {
  RETURN_IF_ERROR(BeginCheckpoint());
  RETURN_IF_ERROR(Enter(RunLoopPhase::kCheckpointing));
  RETURN_IF_ERROR(AwaitCheckpoint());
  return saved_ == version_ || !MakesWeights() ? absl::OkStatus() : save_failed_;
}

}  // namespace drover::learner_process
