// How groups are sampled and graded: what a lease tells its actor.
#pragma once

#include <cstdint>

#include "data/templates.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/recipe.pb.h"
#include "services/experience/evaluation_plan.h"

namespace drover::learner_process {

// Training groups: rollout.* of the recipe, stop texts of the template, the run's seed.
v1::SamplingParams TrainingSampling(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template);

// The evaluation of the weights of `version` on the held-out questions: one greedy response, by the same budget unless
// evaluation.max_response_tokens says otherwise; template and grader are training's, the conventions of grading the
// defaults.
experience::EvaluationPlan HeldoutPlan(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template,
                                       uint64_t version);

// The evaluation of the weights of `version` on evaluation.suite, by its own template, sampling and budget. Grader and the
// conventions of grading are as for the held-out questions.
experience::EvaluationPlan SuitePlan(const v1::Recipe& recipe, const data::PromptTemplate& prompt_template,
                                     uint64_t version);

}  // namespace drover::learner_process
