// What a trainer is told once, at its creation.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "group/check.h"
#include "learner/adamw.h"
#include "learner/advantage.h"
#include "learner/losses/options.h"
#include "learner/plan.h"

namespace drover::learner {

struct TrainerOptions {
  AdvantageOptions advantage;
  LossOptions loss;
  PlanOptions plan;
  AdamWOptions adamw;
  bool actor_old_logprobs = false;  // loss.old_logprobs: ACTOR
  bool mask_truncated = false;      // responses cut at the limit leave the loss; they still count in N
  double temperature = 1.0;    // of sampling; log-probabilities are those of softmax(logits / temperature)
  double learning_rate = 0.0;  // 0 is valid: no weight changes by a bit
  uint64_t warmup_steps = 0;
  double max_grad_norm = 1.0;  // 0: gradients are not clipped
  // Of prompts and rewards; what else a group may hold follows from the model and the fields above.
  group::GroupLimits groups;
  int64_t microbatch_responses = 16;
  int64_t max_skipped_steps = 5;  // so many in a row are an error
  // Called before each microbatch of an update, by whoever called it: a sign of life. Null: nothing.
  std::function<void()> progress;

  // From a recipe whose defaults are filled in (a field that is still unset and may not be 0 is an error).
  static absl::StatusOr<TrainerOptions> FromRecipe(const v1::Recipe& recipe);
  absl::Status Validate() const;
};

}  // namespace drover::learner
