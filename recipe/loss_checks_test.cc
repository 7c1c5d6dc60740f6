#include "recipe/loss_checks.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  std::vector<std::string> overrides;
  const char* error;  // a part of the one error; null: there is none
};

TEST(CheckLoss, RefusesWhatMakesNoSense) {
  const Case cases[] = {
      {{"loss.ratio=PER_RESPONSE"}, nullptr},
      {{"loss.ratio=PER_RESPONSE", "loss.surrogate=CISPO"}, nullptr},
      {{"loss.ratio=PER_RESPONSE", "loss.surrogate=REINFORCE"},
       "loss.ratio: got PER_RESPONSE, but loss.surrogate REINFORCE has no ratio"},
      {{"loss.dual_clip=3"}, nullptr},
      {{"loss.dual_clip=1.2"}, "loss.dual_clip: got 1.2, may be 0 or above 1 + loss.clip_high = 1.2"},
      {{"loss.dual_clip=3", "loss.surrogate=CISPO"},
       "loss.dual_clip: got 3, may be 0: it is of loss.surrogate CLIPPED, and that is CISPO"},
      {{"loss.correction.kind=TRUNCATED", "loss.correction.level=SEQUENCE"}, nullptr},
      {{"loss.correction.kind=TRUNCATED", "loss.old_logprobs=ACTOR"},
       "loss.correction.kind: got TRUNCATED, but with loss.old_logprobs ACTOR"},
      {{"loss.correction.kind=MASKED", "loss.correction.low=2"},
       "loss.correction.low: got 2, may be below loss.correction.high = 2"},
      {{"loss.correction.kind=TRUNCATED", "loss.correction.low=2"}, nullptr},
      {{"loss.length_exponent=0.5"},
       "loss.length_exponent: is of loss.aggregation VL_NORM alone, and that is CONSTANT"},
      {{"loss.length_exponent=0.5", "loss.aggregation=VL_NORM"}, nullptr},
      {{"loss.entropy_floor=0.3"},
       "loss.entropy_floor: got 0.3, may be 0, or give a loss.entropy_coefficient"},
      {{"loss.entropy_floor=0.3", "loss.entropy_coefficient=0.01"}, nullptr},
      {{"advantage.baseline=LEAVE_ONE_OUT", "advantage.normalize_std=true"}, nullptr},
      {{"advantage.baseline=BATCH_MEAN", "advantage.normalize_std=true"},
       "advantage.normalize_std: got true, which divides by the deviation of the group, but "
       "advantage.baseline is BATCH_MEAN"},
      {{"advantage.whiten=true", "advantage.normalize_std=true"},
       "advantage.whiten: got true with advantage.normalize_std"},
      {{"advantage.baseline=NO_BASELINE", "advantage.whiten=true"}, nullptr},
      {{"advantage.baseline=NO_BASELINE", "rollout.drop_equal_groups=true"},
       "rollout.drop_equal_groups: got true, but with advantage.baseline NO_BASELINE a group of equal "
       "rewards has a gradient"},
      {{"advantage.baseline=VALUE", "advantage.gae_lambda=0.95", "advantage.gamma=0.99",
        "loss.value_clip=0.2", "loss.value_coefficient=1", "learner.value_rate_scale=1",
        "advantage.whiten=true"},
       nullptr},
      {{"advantage.baseline=VALUE", "learner.ranks=2", "learner.sharding=GRADIENTS"}, nullptr},
      {{"advantage.baseline=VALUE", "learner.ranks=2", "learner.sharding=WEIGHTS"},
       "learner.sharding: got WEIGHTS, may be NONE, OPTIMIZER or GRADIENTS with advantage.baseline VALUE"},
      {{"advantage.baseline=VALUE", "loss.old_logprobs=ACTOR", "staleness.bound=2", "weights.swap=CONTINUE"},
       nullptr},
      {{"advantage.baseline=VALUE", "reward.kl_coefficient=0.1", "reward.kl_to_go=true"}, nullptr},
      {{"advantage.baseline=VALUE", "advantage.normalize_std=true"},
       "advantage.normalize_std: got true, which divides by the deviation of the group, but "
       "advantage.baseline is VALUE"},
      {{"advantage.baseline=VALUE", "rollout.drop_equal_groups=true"},
       "rollout.drop_equal_groups: got true, but with advantage.baseline VALUE a group of equal rewards"},
      {{"advantage.baseline=VALUE", "loss.value_coefficient=0"},
       "loss.value_coefficient: got 0, may be a number above 0"},
      {{"advantage.gae_lambda=0.95"},
       "advantage.gae_lambda: got 0.95, may be 1: it is of advantage.baseline VALUE, and that is GROUP_MEAN"},
      {{"advantage.gamma=0.9"}, "advantage.gamma: got 0.9, may be 1: it is of advantage.baseline VALUE"},
      {{"loss.value_coefficient=0.5"},
       "loss.value_coefficient: got 0.5, may be 0.1: it is of advantage.baseline"},
      {{"loss.value_clip=0.2"}, "loss.value_clip: got 0.2, may be 0: it is of advantage.baseline VALUE"},
      {{"learner.value_rate_scale=1"},
       "learner.value_rate_scale: got 1, may be 10: it is of advantage.baseline"},
      {{"reward.kl_coefficient=0.1", "reward.kl_to_go=true"}, nullptr},
      {{"reward.kl_to_go=true"}, "reward.kl_to_go: got true, may be false where reward.kl_coefficient is 0"},
      {{"reward.kl_estimator=K3_WITH_K2_GRADIENT"},
       "reward.kl_estimator: got K3_WITH_K2_GRADIENT, but a reward has no gradient"},
      {{"reward.overlong_tokens=32"}, nullptr},
      {{"reward.overlong_tokens=33"},
       "reward.overlong_tokens: got 33, may be at most rollout.max_response_tokens = 32"},
      {{"weights.swap=CONTINUE", "staleness.bound=1", "loss.correction.kind=UNTRUNCATED"}, nullptr},
      {{"loss.preset=gspo"}, nullptr},
      {{"loss.preset=gsop"}, "loss.preset: got `gsop`, may be dr_grpo, grpo, dapo, gspo, "},
      // A field with a problem of its own hides those that would follow from it.
      {{"loss.dual_clip=-1", "loss.surrogate=CISPO"}, "loss.dual_clip: got -1, may be a number from 0"},
  };
  for (const Case& c : cases) {
    const std::vector<std::string> problems = ProblemsWith(c.overrides);
    if (c.error == nullptr) {
      EXPECT_THAT(problems, ElementsAre()) << testing::PrintToString(c.overrides);
    } else {
      EXPECT_THAT(problems, ElementsAre(HasSubstr(c.error))) << testing::PrintToString(c.overrides);
    }
  }
}

// It has no value head, whatever its baseline, so that the weights of one are in nobody's way.
TEST(CheckLoss, ASupervisedRunHasNoValueHead) {
  v1::Recipe recipe = GoodRecipe();
  Problems problems;
  ApplyOverrides({"advantage.baseline=VALUE", "learner.ranks=2", "learner.sharding=WEIGHTS"}, recipe,
                 problems);
  recipe.mutable_sft()->set_train("examples.jsonl");
  CheckLoss(recipe, problems);
  EXPECT_THAT(problems.texts(), ElementsAre());
}

std::vector<std::string> WarningsWith(const std::vector<std::string>& overrides) {
  v1::Recipe recipe = GoodRecipe();
  Problems problems;
  ApplyOverrides(overrides, recipe, problems);
  CheckLoss(recipe, problems);
  return problems.warnings();
}

TEST(CheckLoss, WarnsOfWhatIsUnwise) {
  EXPECT_THAT(WarningsWith({}), ElementsAre());
  EXPECT_THAT(WarningsWith({"loss.surrogate=REINFORCE"}), ElementsAre(HasSubstr("REINFORCE has no ratio")));
  EXPECT_THAT(WarningsWith({"loss.surrogate=REINFORCE", "learner.minibatch_responses=1024"}), ElementsAre());
  EXPECT_THAT(WarningsWith({"loss.kl_coefficient=0.1", "loss.kl_estimator=K1"}),
              ElementsAre(HasSubstr("K1 as a loss has a gradient of 0 on average")));
}

}  // namespace
}  // namespace drover::recipe
