// What an optimizer step and a rollout's update did: numbers for logs, reports and tests.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "learner/phase_clock.h"

namespace drover::learner {

// One optimizer step.
struct StepStats {
  double loss = 0.0;       // over all ranks
  double grad_norm = 0.0;  // before clipping
  bool skipped = false;    // loss or gradient not finite: nothing was changed
};

// What an update did, over all ranks. Means of loss and grad_norm are over the steps that were not skipped.
struct UpdateStats {
  double loss = 0.0;
  double grad_norm = 0.0;
  double clip_fraction = 0.0;    // share of the loss's tokens that the surrogate clipped
  double masked_fraction = 0.0;  // share of the tokens that went through the loss that a mask took out again
  double importance_mean = 1.0;  // of their importance weights and masks
  double entropy = 0.0;          // mean over tokens, nats, at the sampling temperature
  double kl_reference =
      0.0;              // mean k3 to the reference over tokens, as a loss or of the reward; 0 without one
  double kl_old = 0.0;  // mean k3 of the old policy (log_prob_old) to the current one
  // With a value head: its loss without the coefficient, mean over the tokens that went through the loss; and how much of the
  // returns' variance the values before the first step explain (gae.h; also empty where the returns are all the same).
  std::optional<double> value_loss;
  std::optional<double> explained_variance;
  double ratio_mean = 1.0;
  double ratio_max = 1.0;
  // |recorded by the actor - learner's| over tokens of this very version; empty when there was none to compare.
  std::optional<double> logprob_gap_mean;
  std::optional<double> logprob_gap_max;
  std::vector<std::vector<double>> advantages;  // [group][response], in the order of the rollout
  double advantage_std = 0.0;                   // sample standard deviation over the rollout's responses
  int64_t zero_advantage_groups = 0;
  // Numbers of its optimizer steps in the run, from 1; skipped ones have numbers too.
  uint64_t first_step = 0;
  uint64_t last_step = 0;
  int64_t skipped_steps = 0;
  double learning_rate = 0.0;  // of the last step
  std::vector<StepStats> steps;
  std::optional<PhaseSeconds> seconds;  // of this rank; where TrainerOptions asks for them
};

}  // namespace drover::learner
