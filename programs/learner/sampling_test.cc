#include "programs/learner/sampling.h"

#include <gtest/gtest.h>

namespace drover::learner_process {
namespace {

TEST(SamplingTest, TheHeldoutPlanIsOneGreedyResponseGradedAsAnyEvaluation) {
  v1::Recipe recipe;
  recipe.mutable_run()->set_seed(9);
  recipe.mutable_rollout()->set_group_size(8);
  recipe.mutable_rollout()->set_max_response_tokens(32);
  recipe.mutable_rollout()->set_temperature(0.7);
  recipe.mutable_rollout()->set_top_p(0.9);
  recipe.mutable_rollout()->set_min_p(0.05);
  recipe.mutable_rollout()->set_top_k(5);
  recipe.mutable_reward()->set_grader("countdown");
  recipe.mutable_reward()->set_refuse_unevaluated(true);
  const data::PromptTemplate prompt_template = {
      .name = "r1", .stop = {"\n"}, .keep_stop = true, .reward_format = "answer_tag"};

  const v1::SamplingParams training = TrainingSampling(recipe, prompt_template);
  EXPECT_EQ(training.group_size(), 8u);
  EXPECT_EQ(training.temperature(), 0.7);
  EXPECT_EQ(training.top_k(), 5u);
  EXPECT_EQ(training.seed(), 9u);
  EXPECT_TRUE(training.keep_stop());

  const experience::EvaluationPlan plan = HeldoutPlan(recipe, prompt_template, 4);
  EXPECT_EQ(plan.suite, "heldout");
  EXPECT_EQ(plan.version, 4u);
  EXPECT_EQ(plan.prompt_template, "r1");
  EXPECT_EQ(plan.grader, "countdown");
  EXPECT_EQ(plan.reward_format, "answer_tag");
  EXPECT_FALSE(plan.grading.refuse_unevaluated());
  const v1::SamplingParams& evaluation = plan.sampling;
  EXPECT_EQ(evaluation.group_size(), 1u);
  EXPECT_EQ(evaluation.temperature(), 0);
  EXPECT_EQ(evaluation.top_p(), 1);
  EXPECT_EQ(evaluation.min_p(), 0);
  EXPECT_EQ(evaluation.max_tokens(), 32u);
  ASSERT_EQ(evaluation.stop_size(), 1);
  EXPECT_EQ(evaluation.stop(0), "\n");
  recipe.mutable_evaluation()->set_max_response_tokens(64);
  EXPECT_EQ(HeldoutPlan(recipe, prompt_template, 4).sampling.max_tokens(), 64u);
}

}  // namespace
}  // namespace drover::learner_process
