// What a trainer is told once, at its creation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "group/check.h"
#include "learner/adamw.h"
#include "learner/advantages/options.h"
#include "learner/losses/options.h"
#include "learner/plan.h"
#include "learner/sharding.h"

namespace drover::learner {

// Where log pi_old of a rollout comes from (loss.old_logprobs).
enum class OldLogprobs {
  kLearner,  // recomputed with the weights before the rollout's first step
  kActor,    // as recorded while sampling
  // As recorded, once all that the rollout's first step computes anyway turned out to be the recorded ones, bit for bit;
  // else as kLearner.
  kChecked,
};

struct TrainerOptions {
  AdvantageOptions advantage;
  LossOptions loss;
  PlanOptions plan;
  AdamWOptions adamw;
  OldLogprobs old_logprobs = OldLogprobs::kLearner;
  bool mask_truncated = false;  // responses cut at the limit leave the loss; they still count in N
  double temperature = 1.0;     // of sampling; log-probabilities are those of softmax(logits / temperature)
  double learning_rate = 0.0;   // 0 is valid: no weight changes by a bit
  uint64_t warmup_steps = 0;
  double value_rate_scale = 10.0;  // what the learning rate is multiplied by for the value head
  double max_grad_norm = 1.0;      // 0: gradients are not clipped
  ShardingOptions sharding;
  // The folder of the run's checkpoints, where ranks write their shards. Not of the recipe; unused without sharding.
  std::string checkpoints;
  // Of prompts and rewards; what else a group may hold follows from the model and the fields above.
  group::GroupLimits groups;
  int64_t microbatch_responses = 16;
  int64_t max_skipped_steps = 5;  // so many in a row are an error
  // Called before each microbatch of an update, by whoever called it: a sign of life. Null: nothing.
  std::function<void()> progress;
  // Where an update's seconds go is measured (UpdateStats::seconds); `wait_for_device` as in phase_clock.h.
  bool time_phases = false;
  std::function<void()> wait_for_device;

  // From a recipe whose defaults are filled in (a field that is still unset and may not be 0 is an error).
  static absl::StatusOr<TrainerOptions> FromRecipe(const v1::Recipe& recipe);
  absl::Status Validate() const;
};

}  // namespace drover::learner
