#include "learner/trainer_options.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner {
namespace {

absl::Status AtLeastOne(std::string_view field, int64_t value) {
  if (value >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(field), " is ", value, "; it must be at least 1 (are the recipe's defaults filled in?)"));
}

absl::Status InRange(std::string_view field, double value, double min, double max) {
  if (std::isfinite(value) && value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(field), " is ", value, "; it must be ", min, " to ", max));
}

}  // namespace

absl::StatusOr<TrainerOptions> TrainerOptions::FromRecipe(const v1::Recipe& recipe) {
  if (recipe.loss().aggregation() == v1::LOSS_AGGREGATION_UNSPECIFIED ||
      recipe.loss().old_logprobs() == v1::OLD_LOGPROBS_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "loss.aggregation or loss.old_logprobs is not set: the recipe's defaults must be filled in first");
  }
  const v1::LearnerSettings& learner = recipe.learner();
  TrainerOptions options;
  options.advantage.normalize_std = recipe.advantage().normalize_std();
  options.advantage.shuffle_rewards = recipe.reward().shuffle();
  options.advantage.seed = recipe.run().seed();
  options.loss.aggregation = recipe.loss().aggregation() == v1::RESPONSE_LENGTH ? Aggregation::kResponseLength
                                                                                : Aggregation::kConstant;
  options.loss.clip_low = recipe.loss().clip_low();
  options.loss.clip_high = recipe.loss().clip_high();
  options.loss.kl_coefficient = recipe.loss().kl_coefficient();
  options.loss.budget = recipe.rollout().max_response_tokens();
  options.plan.seed = recipe.run().seed();
  options.plan.minibatch_responses = learner.minibatch_responses();
  options.plan.epochs = learner.epochs();
  options.adamw = {learner.beta1(), learner.beta2(), learner.epsilon(), learner.weight_decay()};
  options.actor_old_logprobs = recipe.loss().old_logprobs() == v1::ACTOR;
  options.mask_truncated = recipe.loss().mask_truncated();
  options.temperature = recipe.rollout().temperature();
  options.learning_rate = learner.learning_rate();
  options.warmup_steps = learner.warmup_steps();
  options.max_grad_norm = learner.max_grad_norm();
  options.microbatch_responses = learner.microbatch_responses();
  options.groups.max_prompt_tokens = recipe.data().max_prompt_tokens();
  options.groups.min_reward = recipe.reward().min();
  options.groups.max_reward = recipe.reward().max();
  options.max_skipped_steps = recipe.run().max_skipped_steps();
  RETURN_IF_ERROR(options.Validate());
  return options;
}

absl::Status TrainerOptions::Validate() const {
  RETURN_IF_ERROR(AtLeastOne("rollout.max_response_tokens", loss.budget));
  RETURN_IF_ERROR(AtLeastOne("learner.minibatch_responses", plan.minibatch_responses));
  RETURN_IF_ERROR(AtLeastOne("learner.microbatch_responses", microbatch_responses));
  RETURN_IF_ERROR(AtLeastOne("learner.epochs", plan.epochs));
  RETURN_IF_ERROR(AtLeastOne("run.max_skipped_steps", max_skipped_steps));
  RETURN_IF_ERROR(AtLeastOne("data.max_prompt_tokens", groups.max_prompt_tokens));
  RETURN_IF_ERROR(InRange("learner.learning_rate", learning_rate, 0.0, 1.0));
  RETURN_IF_ERROR(InRange("learner.max_grad_norm", max_grad_norm, 0.0, 1e9));
  RETURN_IF_ERROR(InRange("learner.beta1", adamw.beta1, 0.0, 0.9999999));
  RETURN_IF_ERROR(InRange("learner.beta2", adamw.beta2, 0.0, 0.9999999));
  RETURN_IF_ERROR(InRange("learner.epsilon", adamw.epsilon, 1e-300, 1.0));
  RETURN_IF_ERROR(InRange("learner.weight_decay", adamw.weight_decay, 0.0, 10.0));
  RETURN_IF_ERROR(InRange("rollout.temperature", temperature, 1e-6, 10.0));
  RETURN_IF_ERROR(InRange("loss.clip_low", loss.clip_low, 0.0, 1.0));
  RETURN_IF_ERROR(InRange("loss.clip_high", loss.clip_high, 0.0, 100.0));
  return InRange("loss.kl_coefficient", loss.kl_coefficient, 0.0, 100.0);
}

}  // namespace drover::learner
