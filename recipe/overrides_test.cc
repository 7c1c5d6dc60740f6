#include "recipe/overrides.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "recipe/defaults.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;

v1::Recipe Apply(const std::vector<std::string>& assignments) {
  v1::Recipe recipe;
  Problems problems;
  ApplyOverrides(assignments, recipe, problems);
  EXPECT_THAT(problems.texts(), ElementsAre());
  return recipe;
}

std::vector<std::string> Stops(const v1::Recipe& recipe) {
  return {recipe.data().stop().begin(), recipe.data().stop().end()};
}

TEST(ApplyOverride, Scalars) {
  const v1::Recipe recipe =
      Apply({"rollout.group_size=4", "learner.learning_rate=0", "loss.aggregation=RESPONSE_LENGTH",
             "reward.shuffle=true", "run.seed=18446744073709551615", "rollout.temperature= 0.5 # warm"});
  EXPECT_EQ(recipe.rollout().group_size(), 4u);
  EXPECT_TRUE(recipe.learner().has_learning_rate());
  EXPECT_EQ(recipe.loss().aggregation(), v1::RESPONSE_LENGTH);
  EXPECT_TRUE(recipe.reward().shuffle());
  EXPECT_EQ(recipe.run().seed(), ~uint64_t{0});
  EXPECT_EQ(recipe.rollout().temperature(), 0.5);
}

TEST(ApplyOverride, TheLastOneCounts) { EXPECT_EQ(Apply({"run.steps=3", "run.steps=5"}).run().steps(), 5u); }

TEST(ApplyOverride, Texts) {
  EXPECT_EQ(Apply({"data.train=/data/a=b c.jsonl"}).data().train(), "/data/a=b c.jsonl");
  EXPECT_EQ(Apply({"data.train=\"a\\\"b\""}).data().train(), "a\"b");
  EXPECT_EQ(Apply({"data.template=Q: {question}\\n"}).data().template_(), "Q: {question}\\n");
  EXPECT_EQ(Apply({"data.template=\"Q: {question}\\nA:\""}).data().template_(), "Q: {question}\nA:");
  EXPECT_TRUE(Apply({"model.path="}).model().has_path());
}

TEST(ApplyOverride, Lists) {
  EXPECT_THAT(Stops(Apply({"data.stop=\"\\n\""})), ElementsAre("\n"));
  EXPECT_THAT(Stops(Apply({"data.stop=\"x\"", "data.stop=[\"a\", 'b']"})), ElementsAre("a", "b"));
  EXPECT_THAT(Stops(Apply({"data.stop=</answer>"})), ElementsAre("</answer>"));
  EXPECT_THAT(Stops(Apply({"data.stop=x", "data.stop=[]"})), ElementsAre());
}

TEST(ApplyOverride, Messages) {
  v1::Recipe recipe =
      Apply({"data.stop=x", "data.train=kept", "data={stop: \"a\" arithmetic {min_digits: 1}}",
             "data.arithmetic={ operations: \"-\" }"});
  EXPECT_THAT(Stops(recipe), ElementsAre("a"));
  EXPECT_EQ(recipe.data().train(), "kept");
  EXPECT_EQ(recipe.data().arithmetic().min_digits(), 1u);
  EXPECT_EQ(recipe.data().arithmetic().operations(), "-");
}

TEST(ApplyOverride, Errors) {
  const std::pair<const char*, const char*> cases[] = {
      {"rollout.group_sizee=8",
       "--set rollout.group_sizee=8: unknown field `rollout.group_sizee`; did you mean `rollout.group_size`? "
       "Fields of "
       "rollout: group_size, prompts, "},
      {"group_size=8", "did you mean `rollout.group_size`? Fields of a recipe: "},
      {"rollout.group_size", "--set rollout.group_size: must be path=value, like rollout.group_size=8"},
      {"=8", "--set =8: must be path=value"},
      {"rollout.group_size=",
       "--set rollout.group_size=: rollout.group_size: got nothing, may be a whole number from 2 to 4096 "
       "(responses)"},
      {"rollout.group_size=eight", "rollout.group_size: got `eight`, may be a whole number from 2 to 4096"},
      {"leases.ttl_seconds=10s",
       "--set leases.ttl_seconds=10s: leases.ttl_seconds: got `10s`, may be a number from 1 to 86400 "
       "(seconds); write "
       "the number alone, without `s`"},
      {"learner.learning_rate=1e-6x",
       "got `1e-6x`, may be a number from 0 to 1; write the number alone, without `x`"},
      {"loss.old_logprobs=actor", "got `actor`, may be LEARNER or ACTOR or CHECKED; did you mean ACTOR?"},
      {"rollout.top_k=3 prompts: 5", "rollout.top_k: got `3 prompts: 5`, may be"},
      {"run.seed=1 } rollout { prompts: 5", "run.seed: got `1 } rollout { prompts: 5`, may be"},
      {"data.stop=[\"a\"", "data.stop: got `[\"a\"`, may be a list of texts in quotes, like [\"a\", \"b\"]"},
      {"data.train=\"open", "data.train: got `\"open`, may be a text that is not empty, in quotes"},
      {"rollout=8", "rollout: got `8`, may be a message in braces with group_size, prompts, "},
      {"rollout={} } run {seed: 3}", "rollout: got `{} } run {seed: 3}`, may be a message in braces"},
      {"rollout={promts: 3}", "unknown field `rollout.promts`; did you mean `rollout.prompts`?"},
      {"run.seed.x=1", "`run.seed` has no fields, it is a whole number from 0 up"},
  };
  const v1::Recipe before = DefaultRecipe();
  for (const auto& [assignment, error] : cases) {
    v1::Recipe recipe = before;
    Problems problems;
    ApplyOverride(assignment, recipe, problems);
    EXPECT_THAT(problems.texts(), ElementsAre(testing::HasSubstr(error)));
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(before, recipe)) << assignment;
  }
}

}  // namespace
}  // namespace drover::recipe
