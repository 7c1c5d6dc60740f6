#include "learner/trainer_options.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "learner/recipe_options.h"

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

absl::Status NotSet(std::string_view field) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(field), " is not set: the recipe's defaults must be filled in first"));
}

OldLogprobs OldLogprobsOf(v1::OldLogprobs source) {
  switch (source) {
    case v1::ACTOR:
      return OldLogprobs::kActor;
    case v1::CHECKED:
      return OldLogprobs::kChecked;
    default:
      return OldLogprobs::kLearner;
  }
}

}  // namespace

absl::StatusOr<TrainerOptions> TrainerOptions::FromRecipe(const v1::Recipe& recipe) {
  if (recipe.loss().old_logprobs() == v1::OLD_LOGPROBS_UNSPECIFIED) return NotSet("loss.old_logprobs");
  const v1::LearnerSettings& learner = recipe.learner();
  TrainerOptions options;
  ASSIGN_OR_RETURN(options.advantage, AdvantageOptionsOf(recipe));
  ASSIGN_OR_RETURN(options.loss, LossOptionsOf(recipe));
  if (!recipe.sft().train().empty()) {  // it learns from examples: nothing would ever train the head
    options.advantage.baseline = Baseline::kNone;
    options.loss.value_coefficient = 0.0;
  }
  options.plan.seed = recipe.run().seed();
  options.plan.minibatch_responses = learner.minibatch_responses();
  options.plan.epochs = learner.epochs();
  options.adamw = {learner.beta1(), learner.beta2(), learner.epsilon(), learner.weight_decay()};
  options.old_logprobs = OldLogprobsOf(recipe.loss().old_logprobs());
  options.mask_truncated = recipe.loss().mask_truncated();
  options.temperature = recipe.rollout().temperature();
  options.learning_rate = learner.learning_rate();
  options.warmup_steps = learner.warmup_steps();
  options.value_rate_scale = learner.value_rate_scale();
  options.max_grad_norm = learner.max_grad_norm();
  ASSIGN_OR_RETURN(options.sharding, ShardingOptionsOf(recipe));
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
  if (advantage.baseline == Baseline::kValue) {
    RETURN_IF_ERROR(InRange("learner.value_rate_scale", value_rate_scale, 1e-6, 1e6));
  }
  RETURN_IF_ERROR(InRange("learner.max_grad_norm", max_grad_norm, 0.0, 1e9));
  RETURN_IF_ERROR(InRange("learner.beta1", adamw.beta1, 0.0, 0.9999999));
  RETURN_IF_ERROR(InRange("learner.beta2", adamw.beta2, 0.0, 0.9999999));
  RETURN_IF_ERROR(InRange("learner.epsilon", adamw.epsilon, 1e-300, 1.0));
  RETURN_IF_ERROR(InRange("learner.weight_decay", adamw.weight_decay, 0.0, 10.0));
  RETURN_IF_ERROR(InRange("rollout.temperature", temperature, 1e-6, 10.0));
  RETURN_IF_ERROR(InRange("loss.clip_low", loss.clip_low, 0.0, 1.0));
  RETURN_IF_ERROR(InRange("loss.clip_high", loss.clip_high, 0.0, 100.0));
  RETURN_IF_ERROR(InRange("loss.dual_clip", loss.dual_clip, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("loss.correction.low", loss.correction.low, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("loss.correction.high", loss.correction.high, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("loss.off_policy_mask", loss.off_policy_mask, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("loss.length_exponent", loss.length_exponent, 0.0, 1.0));
  RETURN_IF_ERROR(InRange("loss.entropy_coefficient", loss.entropy_coefficient, 0.0, 100.0));
  RETURN_IF_ERROR(InRange("loss.entropy_floor", loss.entropy_floor, 0.0, 100.0));
  RETURN_IF_ERROR(InRange("loss.value_coefficient", loss.value_coefficient, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("loss.value_clip", loss.value_clip, 0.0, 1e6));
  RETURN_IF_ERROR(InRange("advantage.gamma", advantage.gae.gamma, 0.0, 1.0));
  RETURN_IF_ERROR(InRange("advantage.gae_lambda", advantage.gae.lambda, 0.0, 1.0));
  if ((advantage.baseline == Baseline::kValue) != (loss.value_coefficient > 0.0)) {
    return absl::InvalidArgumentError(
        "advantage.baseline VALUE and a loss.value_coefficient above 0 need each other");
  }
  RETURN_IF_ERROR(InRange("reward.kl_coefficient", advantage.kl.coefficient, 0.0, 100.0));
  RETURN_IF_ERROR(InRange("reward.overlong_penalty", advantage.overlong.penalty, 0.0, 1000.0));
  return InRange("loss.kl_coefficient", loss.kl_coefficient, 0.0, 100.0);
}

}  // namespace drover::learner
