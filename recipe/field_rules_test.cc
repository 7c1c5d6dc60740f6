#include "recipe/field_rules.h"

#include <set>

#include "drover/v1/recipe.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::recipe {
namespace {

const FieldDescriptor& Field(const std::string& path) {
  const FieldDescriptor* field = FindField(*v1::Recipe::descriptor(), path);
  EXPECT_NE(field, nullptr) << path;
  return *field;
}

TEST(FieldRules, AllowedText) {
  EXPECT_EQ(AllowedText(Field("rollout.group_size")), "a whole number from 2 to 4096 (responses)");
  EXPECT_EQ(AllowedText(Field("rollout.temperature")), "a number above 0 and at most 10");
  EXPECT_EQ(AllowedText(Field("run.seed")), "a whole number from 0 up");
  EXPECT_EQ(AllowedText(Field("loss.aggregation")), "CONSTANT or RESPONSE_LENGTH or TOKENS or VL_NORM");
  EXPECT_EQ(AllowedText(Field("reward.shuffle")), "true or false");
  EXPECT_EQ(AllowedText(Field("data.train")), "a text that is not empty, in quotes");
  EXPECT_EQ(AllowedText(Field("data.stop")), "a list of texts in quotes, like [\"a\", \"b\"]");
  EXPECT_EQ(AllowedText(Field("advantage")),
            "a message in braces with normalize_std, baseline, whiten, gamma, gae_lambda");
}

TEST(FieldRules, NumberText) {
  EXPECT_EQ(NumberText(4096), "4096");
  EXPECT_EQ(NumberText(0.2), "0.2");
  EXPECT_EQ(NumberText(1e-6), "1e-06");
  EXPECT_EQ(NumberText(-3), "-3");
}

TEST(FieldRules, UnknownFieldText) {
  const auto text = [](const std::string& path) { return UnknownFieldText(*v1::Recipe::descriptor(), path); };
  EXPECT_EQ(text("staleness.bund"),
            "unknown field `staleness.bund`; did you mean `staleness.bound`? Fields of staleness: bound");
  EXPECT_EQ(text("staleness.wrong"), "unknown field `staleness.wrong`; fields of staleness: bound");
  EXPECT_THAT(text("rolout.prompts"),
              testing::HasSubstr("did you mean `rollout.prompts`? Fields of a recipe: "));
  EXPECT_THAT(text("group_size"), testing::HasSubstr("did you mean `rollout.group_size`?"));
  EXPECT_THAT(text("learner.group_size"), testing::HasSubstr("did you mean `rollout.group_size`?"));
  EXPECT_EQ(text("run.seed.x"),
            "unknown field `run.seed.x`: `run.seed` has no fields, it is a whole number from 0 up");
  EXPECT_THAT(text(".."), testing::HasSubstr("unknown field `..`; fields of a recipe:"));
}

// The paths that others script against.
TEST(FieldRules, PathsThatStay) {
  for (const char* path : {"rollout.group_size",
                           "rollout.prompts",
                           "rollout.max_response_tokens",
                           "rollout.temperature",
                           "learner.learning_rate",
                           "learner.minibatch_responses",
                           "learner.ranks",
                           "advantage.normalize_std",
                           "loss.aggregation",
                           "staleness.bound",
                           "actors.count",
                           "data.train",
                           "data.template",
                           "data.stop",
                           "data.reward_format",
                           "reward.shuffle",
                           "loss.old_logprobs",
                           "model.path",
                           "run.seed",
                           "run.steps",
                           "run.device",
                           "pretrain.learning_rate"}) {
    EXPECT_NE(FindField(*v1::Recipe::descriptor(), path), nullptr) << path;
  }
}

TEST(FieldRules, EveryFieldExplainsItself) {
  std::set<std::string> paths;
  ForEachField(*v1::Recipe::descriptor(), [&](const std::string& path, const FieldDescriptor& field) {
    EXPECT_TRUE(paths.insert(path).second) << path;
    const v1::FieldRule& rule = RuleOf(field);
    EXPECT_THAT(rule.help(), testing::EndsWith(".")) << path;
    if (IsNumber(field) && path != "run.seed") {
      EXPECT_TRUE(rule.has_min() && rule.has_max()) << path;
      EXPECT_LE(rule.min(), rule.max()) << path;
    }
  });
  EXPECT_GT(paths.size(), 60u);
}

}  // namespace
}  // namespace drover::recipe
