// The rollout's update, rank by rank: what Trainer::Update does after the groups are known on every rank. See the
// picture in trainer.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/forward.h"
#include "learner/losses/loss.h"
#include "learner/rollout.h"
#include "learner/stepper.h"
#include "learner/trainer_options.h"
#include "learner/update_stats.h"
#include "learner/update_sums.h"
#include "learner/value_head.h"
#include "model/transformer.h"
#include "ranks/collectives.h"

namespace drover::learner {

// FAILED_PRECONDITION with the reason when the loss needs what the trainer has not.
absl::Status CheckNeeds(const LossNeeds& needs, const model::Transformer* reference,
                        const ValueHead* value_head = nullptr);

// What an update works on; all of it outlives the update.
struct UpdateContext {
  const TrainerOptions& options;
  const Loss& loss;  // passed CheckNeeds
  model::Transformer& model;
  model::Transformer* reference;  // null where the loss needs none
  Stepper& stepper;
  Collectives& collectives;
  uint64_t& optimizer_steps;              // counted up
  double rate_scale = 1.0;                // of the learning rate
  const ValueHead* value_head = nullptr;  // of a loss with values
};

// Lives for one rollout. Every rank runs it with the same groups.
class RolloutUpdate {
 public:
  // `groups` passed CheckGroup and outlive the update.
  RolloutUpdate(const UpdateContext& context, const std::vector<v1::Group>& groups, uint64_t rollout,
                uint64_t version);
  RolloutUpdate(const RolloutUpdate&) = delete;  // its passes add to its own seconds
  RolloutUpdate& operator=(const RolloutUpdate&) = delete;

  // As Trainer::Update.
  absl::StatusOr<UpdateStats> Run();

 private:
  // This rank's part of an optimizer step, and those of it that take part in the loss.
  std::vector<int64_t> Share(size_t step) const;
  bool Trains(int64_t response) const;
  void Progress() const;
  std::vector<std::vector<int64_t>> Microbatches(const std::vector<int64_t>& responses) const;
  Microbatch MakeBatch(const std::vector<int64_t>& responses) const;
  // Whether the whole rollout goes through a forward pass before the first step, that step's responses too.
  bool ScoresAhead() const;
  // Before the first step: fills the log-probabilities that this rank needs, but for the old ones of the responses
  // that the first step trains on, unless ScoresAhead.
  absl::Status ScoreRollout();
  void ScoreReference(const std::vector<int64_t>& responses);
  absl::Status ScoreOld(const std::vector<int64_t>& responses);
  // Whether old log-probabilities are the recorded ones, but for those that the learner has computed.
  bool TakesRecorded() const {
    return trusts_recorded_ || context_.options.old_logprobs == OldLogprobs::kActor;
  }
  // Within the first step, before it changes the weights: under CHECKED, whether the recorded log-probabilities are the
  // learner's; scores the responses that relied on them when they are not.
  absl::Status CheckRecorded();
  // What follows from the scores of all ranks before the first step.
  absl::Status FindAdvantages();
  absl::StatusOr<std::vector<std::vector<double>>> ChargeKl();
  absl::StatusOr<std::vector<std::vector<double>>> GatherValues();
  absl::Status MeasureEntropy();
  StepSize SizeOf(size_t step) const;
  absl::StatusOr<StepStats> Step(size_t step);
  absl::StatusOr<StepStats> FinishStep(double loss);
  // What the loss needs of a microbatch's tokens, but for what its forward pass gives. The old log-probabilities are
  // undefined where they are the current ones.
  LossTokens TokensOf(const Microbatch& batch, bool old_is_current);
  // Of each microbatch of the step, before its backward pass.
  int64_t ForwardPasses(size_t step) const {
    return context_.loss.needs().sequence_sums && !OldIsCurrent(step) ? 2 : 1;
  }
  // Whether the step's own forward pass computes the old log-probabilities.
  bool OldIsCurrent(size_t step) const;
  // sum_t (log pi_old - log pi_actor) of each token's response, [K].
  torch::Tensor CorrectionSums(const Microbatch& batch) const;
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
  PhaseSeconds seconds_;
  const ForwardOptions forward_;
  const std::vector<v1::Group>& groups_;
  Rollout rollout_;
  std::vector<std::vector<float>> recorded_;  // RecordedLogprobs, where the loss needs them
  std::vector<std::vector<int64_t>> steps_;
  size_t steps_per_epoch_ = 0;
  bool advantages_known_;  // false until ScoreRollout, with a KL in the reward or a value head
  const bool scored_ahead_;
  bool trusts_recorded_;            // CHECKED, and nothing speaks against it yet
  std::vector<bool> counted_;       // by response: in this rank's shares of the first epoch
  std::vector<int64_t> unchecked_;  // responses whose recorded log-probabilities are trusted
  std::optional<double> explained_variance_;
  double rollout_entropy_ = 0.0;  // where the loss needs it
  UpdateSums sums_;
};

}  // namespace drover::learner
