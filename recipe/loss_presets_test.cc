#include "recipe/loss_presets.h"

#include <google/protobuf/util/message_differencer.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The small recipe, with all that a preset may set left out.
v1::Recipe Unfilled(const std::string& preset) {
  v1::Recipe recipe = GoodRecipe();
  recipe.clear_advantage();
  recipe.clear_loss();
  recipe.mutable_rollout()->clear_drop_equal_groups();
  for (const char* field : {"kl_coefficient", "kl_estimator", "kl_to_go"}) {
    const auto& reward = *recipe.mutable_reward();
    reward.GetReflection()->ClearField(recipe.mutable_reward(),
                                       reward.GetDescriptor()->FindFieldByName(field));
  }
  if (!preset.empty()) recipe.mutable_loss()->set_preset(preset);
  return recipe;
}

TEST(LossPresets, EachIsAValidRecipe) {
  ASSERT_GT(LossPresetNames().size(), 10u);
  for (const std::string& name : LossPresetNames()) {
    EXPECT_GT(LossPreset(name).ByteSizeLong(), 0u) << name;
    v1::Recipe recipe = Unfilled(name);
    FillDefaults(recipe);
    Problems problems;
    FindProblems(recipe, {.check_files = false}, problems);
    EXPECT_THAT(problems.texts(), ElementsAre()) << name;
  }
}

TEST(LossPresets, FillWhatIsLeftOutAndNoMore) {
  v1::Recipe recipe = Unfilled("gspo");
  recipe.mutable_loss()->set_clip_high(0.001);
  FillDefaults(recipe);
  EXPECT_EQ(recipe.loss().ratio(), v1::PER_RESPONSE);
  EXPECT_EQ(recipe.loss().clip_low(), 3e-4);
  EXPECT_EQ(recipe.loss().clip_high(), 0.001);
  EXPECT_EQ(recipe.loss().old_logprobs(), v1::LEARNER);
  EXPECT_TRUE(recipe.advantage().normalize_std());
}

TEST(LossPresets, DrGrpoIsTheDefault) {
  v1::Recipe named = Unfilled("dr_grpo"), plain = Unfilled("");
  FillDefaults(named);
  FillDefaults(plain);
  named.mutable_loss()->set_preset("");
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(named, plain));
}

TEST(LossPresets, SayWhereTheRecipeDiffers) {
  v1::Recipe recipe = Unfilled("gspo");
  recipe.mutable_loss()->set_clip_high(0.2);
  recipe.mutable_advantage()->set_normalize_std(false);
  FillDefaults(recipe);
  Problems problems;
  CheckPreset(recipe, problems);
  EXPECT_THAT(problems.texts(), ElementsAre());
  EXPECT_THAT(problems.warnings(),
              ElementsAre("advantage.normalize_std: false, where loss.preset gspo has true",
                          "loss.clip_high: 0.2, where loss.preset gspo has 0.0004"));
}

TEST(LossPresets, AnUnknownOneFillsNothing) {
  v1::Recipe recipe = Unfilled("gsop");
  const v1::Recipe before = recipe;
  FillPreset(recipe);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(recipe, before));
  Problems problems;
  CheckPreset(recipe, problems);
  EXPECT_THAT(problems.texts(), ElementsAre(HasSubstr("did you mean gspo?")));
}

}  // namespace
}  // namespace drover::recipe
