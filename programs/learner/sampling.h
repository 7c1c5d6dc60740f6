// How groups are sampled: what a lease tells its actor.
#pragma once

#include "data/templates.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/recipe.pb.h"

namespace drover::learner_process {

// Training groups: rollout.* of the recipe, stop texts of the template, the run's seed.
v1::SamplingParams TrainingSampling(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template);

// Evaluation: one greedy response, by the same budget unless evaluation.max_response_tokens says otherwise.
v1::SamplingParams EvaluationSampling(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template);

}  // namespace drover::learner_process
