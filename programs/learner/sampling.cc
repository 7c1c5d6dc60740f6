#include "programs/learner/sampling.h"

#include "recipe/suite.h"

namespace drover::learner_process {

v1::SamplingParams TrainingSampling(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template) {
  const v1::RolloutSettings& rollout = recipe.rollout();
  v1::SamplingParams sampling;
  sampling.set_group_size(rollout.group_size());
  sampling.set_max_tokens(rollout.max_response_tokens());
  sampling.set_temperature(rollout.temperature());
  sampling.set_top_p(rollout.top_p());
  sampling.set_top_k(rollout.top_k());
  sampling.set_min_p(rollout.min_p());
  for (const std::string& stop : prompt_template.stop) sampling.add_stop(stop);
  sampling.set_keep_stop(prompt_template.keep_stop);
  sampling.set_seed(recipe.run().seed());
  return sampling;
}

experience::EvaluationPlan HeldoutPlan(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template,
                                       uint64_t version) {
  experience::EvaluationPlan plan;
  plan.suite = "heldout";
  plan.version = version;
  plan.prompt_template = prompt_template.name;
  plan.grader = recipe.reward().grader();
  plan.reward_format = prompt_template.reward_format;
  v1::SamplingParams& sampling = plan.sampling;
  sampling = TrainingSampling(recipe, prompt_template);
  sampling.set_group_size(1);
  sampling.set_temperature(0);
  sampling.set_top_p(1);
  sampling.set_top_k(0);
  sampling.set_min_p(0);
  const uint32_t budget = recipe.evaluation().max_response_tokens();
  if (budget > 0) sampling.set_max_tokens(budget);
  return plan;
}

experience::EvaluationPlan SuitePlan(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template,
                                     uint64_t version) {
  experience::EvaluationPlan plan = HeldoutPlan(recipe, prompt_template, version);
  plan.suite = "suite";
  plan.sampling.set_group_size(recipe.evaluation().suite().n());
  plan.sampling.set_temperature(recipe.evaluation().suite().temperature());
  plan.sampling.set_max_tokens(recipe::SuiteBudget(recipe));
  return plan;
}

}  // namespace drover::learner_process
