// The rollout's update, rank by rank: what Trainer::Update does after the groups are known on every rank. See the
// picture in trainer.h.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/collectives.h"
#include "learner/forward.h"
#include "learner/losses/loss.h"
#include "learner/rollout.h"
#include "learner/stepper.h"
#include "learner/trainer_options.h"
#include "learner/update_stats.h"
#include "learner/update_sums.h"
#include "model/transformer.h"

namespace drover::learner {

// FAILED_PRECONDITION or UNIMPLEMENTED with the reason when the loss needs what the trainer has not.
absl::Status CheckNeeds(const LossNeeds& needs, const model::Transformer* reference);

// What an update works on; all of it outlives the update.
struct UpdateContext {
  const TrainerOptions& options;
  const Loss& loss;  // passed CheckNeeds
  model::Transformer& model;
  model::Transformer* reference;  // null where the loss needs none
  Stepper& stepper;
  Collectives& collectives;
  uint64_t& optimizer_steps;  // counted up
};

// Lives for one rollout. Every rank runs it with the same groups.
class RolloutUpdate {
 public:
  // `groups` passed CheckGroup and outlive the update.
  RolloutUpdate(const UpdateContext& context, const std::vector<v1::Group>& groups, uint64_t rollout,
                uint64_t version);

  // As Trainer::Update.
  absl::StatusOr<UpdateStats> Run();

 private:
  // This rank's part of an optimizer step, and those of it that take part in the loss.
  std::vector<int64_t> Share(size_t step) const;
  bool Trains(int64_t response) const;
  void Progress() const;
  std::vector<std::vector<int64_t>> Microbatches(const std::vector<int64_t>& responses) const;
  // Before the first step: fills the log-probabilities that this rank needs, but for the old ones of the responses
  // that the first step trains on.
  void ScoreRollout();
  void ScoreReference(const std::vector<int64_t>& responses);
  void ScoreOld(const std::vector<int64_t>& responses, const std::vector<bool>& counted);
  StepSize SizeOf(size_t step) const;
  absl::StatusOr<StepStats> Step(size_t step);
  // What the loss needs of a microbatch's tokens, but for what its forward pass gives. The old log-probabilities are
  // undefined where they are the current ones.
  LossTokens TokensOf(const Microbatch& batch, bool old_is_current);
  // sum_t (log pi_theta - log pi_old) of each token's response, [K].
  torch::Tensor SequenceLogRatios(const Microbatch& batch, const torch::Tensor& old_logprobs_K);
  // Adds the microbatch's gradients; returns its share of the loss.
  double TrainMicrobatch(const Microbatch& batch, size_t step, UpdateSums* sums);
  // Compares log-probabilities that the actor recorded with the learner's at the same version, for the responses
  // that are counted on this rank.
  void AddGap(const Microbatch& batch, const torch::Tensor& logprobs_K, const std::vector<bool>& counted);
  double LearningRate() const;  // of the next step
  void LogSkipped(size_t step, const StepStats& stats) const;
  void Summarize(const std::vector<StepStats>& steps, UpdateStats* stats) const;

  const UpdateContext context_;
  const uint64_t rollout_number_;
  const uint64_t version_;
  const ForwardOptions forward_;
  Rollout rollout_;
  std::vector<std::vector<int64_t>> steps_;
  size_t steps_per_epoch_ = 0;
  UpdateSums sums_;
};

}  // namespace drover::learner
