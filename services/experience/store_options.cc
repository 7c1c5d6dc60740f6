#include "services/experience/store_options.h"

#include "absl/strings/str_cat.h"

namespace drover::experience {

absl::Status StoreOptions::Validate() const {
  const auto wrong = [](const char* field, const char* rule) {
    return absl::InvalidArgumentError(absl::StrCat("experience store: ", field, ": ", rule));
  };
  if (run_folder.empty()) return wrong("run_folder", "must name the run's folder");
  if (steps > 10'000'000) return wrong("steps", "must be at most 10000000 rollouts");
  if (prompts_per_rollout < 1 || prompts_per_rollout > 1'048'576) {
    return wrong("prompts_per_rollout", "must be 1 to 1048576");
  }
  if (staleness_bound > 1024) return wrong("staleness_bound", "must be 0 to 1024 versions");
  if (!(evaluation_share >= 0 && evaluation_share <= 1)) return wrong("evaluation_share", "must be 0 to 1");
  if (lease_ttl <= absl::ZeroDuration()) return wrong("lease_ttl", "must be above 0");
  if (sampling.group_size() < 1) return wrong("sampling.group_size", "must be at least 1");
  if (sampling.max_tokens() < 1) return wrong("sampling.max_tokens", "must be at least 1");
  if (!prompt) return wrong("prompt", "must be set");
  if (max_group_failures < 1) return wrong("max_group_failures", "must be at least 1");
  if (max_rounds < 1) return wrong("max_rounds", "must be at least 1");
  if (group_limits.vocab_size < 1 || group_limits.max_positions < 1 || group_limits.max_response_tokens < 1) {
    return wrong("group_limits", "must have the sizes of the model and the budget");
  }
  if (max_wait <= absl::ZeroDuration()) return wrong("max_wait", "must be above 0");
  return absl::OkStatus();
}

StoreOptions OptionsFromRecipe(const v1::Recipe& recipe) {
  StoreOptions options;
  options.steps = recipe.run().steps();
  options.prompts_per_rollout = recipe.rollout().prompts();
  options.staleness_bound = recipe.staleness().bound();
  options.drop_equal_groups = recipe.rollout().drop_equal_groups();
  options.max_rounds = recipe.rollout().max_rounds();
  options.max_group_failures = recipe.leases().max_failures();
  options.evaluation_share = recipe.evaluation().wait() ? 1.0 : recipe.evaluation().share();
  options.lease_ttl = absl::Seconds(recipe.leases().ttl_seconds());
  options.sampling.set_group_size(recipe.rollout().group_size());
  options.sampling.set_max_tokens(recipe.rollout().max_response_tokens());
  options.sampling.set_temperature(recipe.rollout().temperature());
  options.sampling.set_top_p(recipe.rollout().top_p());
  options.sampling.set_top_k(recipe.rollout().top_k());
  options.sampling.set_min_p(recipe.rollout().min_p());
  options.sampling.set_seed(recipe.run().seed());
  options.grader = recipe.reward().grader();
  options.grading.set_refuse_unevaluated(recipe.reward().refuse_unevaluated());
  options.grading.set_rounded_golds(recipe.reward().rounded_golds());
  options.grading.set_boxed_lists(recipe.reward().boxed_lists());
  return options;
}

}  // namespace drover::experience
